import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpProbeClient } from '../../functions/change/actions/http-probe.client.ts';

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

const probe = new HttpProbeClient();

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
    const began = performance.now();
    expect(await probe.look(url, 200)).toMatchObject({ result: 'no-data' });
    expect(requests).toBe(2);
    expect(performance.now() - began).toBeLessThan(14_000);
  }, 20_000);

  it('has no data when nobody listens', async () => {
    expect(await probe.look('http://127.0.0.1:1/', 200)).toMatchObject({ result: 'no-data' });
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
