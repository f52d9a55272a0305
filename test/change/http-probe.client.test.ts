import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpProbeClient } from '../../functions/change/actions/http-probe.client.ts';
import { isPublicAddress } from '../../functions/change/actions/probe-address.client.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: RequestListener): Promise<string> {
  const started = createServer(answer);
  server = started;
  await new Promise<void>((done) => started.listen(0, '127.0.0.1', done));
  const address = started.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/health`;
}

const probe = new HttpProbeClient('local');

describe('the HTTP probe', () => {
  it('passes on the expected status and fails on another', async () => {
    const url = await serve((_, response) => response.writeHead(204).end());
    expect(await probe.look(url, 204)).toMatchObject({ result: 'pass' });
    expect(await probe.look(url, 200)).toMatchObject({
      result: 'fail',
      reason: 'probe: status 204 instead of 200',
    });
  });

  it('sends a GET without credentials and follows no redirect', async () => {
    const seen: string[] = [];
    const url = await serve((request, response) => {
      seen.push(
        `${request.method} ${request.url} ${request.headers.authorization ?? '-'} ${request.headers.cookie ?? '-'}`,
      );
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect(await probe.look(url, 200)).toMatchObject({ result: 'fail' });
    expect(await probe.look(url, 302)).toMatchObject({ result: 'pass' });
    expect(seen).toStrictEqual(['GET /health - -', 'GET /health - -']);
  });

  it('stops reading an endless body', async () => {
    let sentBytes = 0;
    const url = await serve((_, response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(16_384);
      const send = () => {
        while (response.write(chunk)) sentBytes += chunk.length;
        response.once('drain', send);
      };
      send();
    });
    expect(await probe.look(url, 200)).toMatchObject({ result: 'pass' });
    expect(sentBytes).toBeLessThan(50_000_000);
  });

  it('gives up on a workload that hangs, after trying twice', async () => {
    let requests = 0;
    const url = await serve(() => {
      requests += 1;
    });
    const impatient = new HttpProbeClient('local', undefined, 200);
    expect(await impatient.look(url, 200)).toMatchObject({ result: 'no-data' });
    expect(requests).toBe(2);
  });

  it('has no data when nobody listens', async () => {
    expect(await probe.look('http://127.0.0.1:1/', 200)).toMatchObject({ result: 'no-data' });
  });

  it('asks for a name once and goes where that led', async () => {
    const asked: string[] = [];
    const url = new URL(await serve((request, response) => response.end(request.headers.host)));
    url.hostname = 'workload.invalid';
    const pinned = new HttpProbeClient('local', async (name) => {
      asked.push(name);
      return [{ address: '127.0.0.1', family: 4 }];
    });
    expect(await pinned.look(url.href, 200)).toMatchObject({ result: 'pass' });
    expect(asked).toStrictEqual(['workload.invalid']);
  });

  it('has no data when a name cannot be resolved', async () => {
    const lost = new HttpProbeClient('production', () => Promise.reject(new Error('ENOTFOUND')));
    expect(await lost.look('https://workload.invalid/', 200)).toMatchObject({ result: 'no-data' });
  });

  it.each([
    'https://127.0.0.1/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://169.254.169.254/latest/meta-data/',
    'https://0.0.0.0/',
    'https://[::]/',
    'http://example.org/',
    'HTTP://93.184.215.14/',
  ])('refuses %s outside local, without a connection', async (url) => {
    const strict = new HttpProbeClient('production', async () => [{ address: '93.184.215.14', family: 4 }]);
    expect(await strict.look(url, 200)).toMatchObject({
      result: 'fail',
      reason: url.startsWith('https:')
        ? 'probe: the address is not on the public Internet'
        : 'probe: the address is not a plain https URL',
    });
  });

  it('outside local, refuses a name when any of its addresses is not public', async () => {
    let connections = 0;
    const url = new URL(await serve((_, response) => response.end()));
    server?.on('connection', () => {
      connections += 1;
    });
    const strict = new HttpProbeClient('production', async () => [
      { address: '93.184.215.14', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]);
    expect(await strict.look(`https://workload.invalid:${url.port}/`, 200)).toMatchObject({
      result: 'fail',
      reason: 'probe: the address is not on the public Internet',
    });
    expect(connections).toBe(0);
  });

  it.each([
    ['10.0.0.1', false],
    ['9.255.255.255', true],
    ['11.0.0.0', true],
    ['100.64.0.1', false],
    ['100.63.255.255', true],
    ['127.255.255.255', false],
    ['169.253.255.255', true],
    ['169.254.0.0', false],
    ['172.15.255.255', true],
    ['172.16.0.0', false],
    ['172.31.255.255', false],
    ['172.32.0.0', true],
    ['192.168.255.255', false],
    ['192.169.0.0', true],
    ['198.18.0.1', false],
    ['223.255.255.255', true],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::', false],
    ['::1', false],
    ['::127.0.0.1', false],
    ['::ffff:10.0.0.1', false],
    ['::ffff:a9fe:a9fe', false],
    ['::ffff:93.184.215.14', true],
    ['64:ff9b::7f00:1', false],
    ['2002:7f00:1::', false],
    ['fd00:ec2::254', false],
    ['fe80::1', false],
    ['ff02::1', false],
    ['2600:1f18::1', true],
  ])('%s is public: %s', (address, expected) => {
    expect(isPublicAddress({ address, family: address.includes(':') ? 6 : 4 })).toBe(expected);
  });

  it.each([
    'file:///etc/passwd',
    'ftp://example.org/',
    'not a url',
    '',
    'http://user:secret@127.0.0.1/',
    'javascript:1',
  ])('refuses the address %j without asking it', async (url) => {
    expect(await probe.look(url, 200)).toMatchObject({ result: 'fail' });
  });
});
