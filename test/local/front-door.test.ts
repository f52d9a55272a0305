import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endToEnd, type FrontDoor, openFrontDoor, PortInUseError } from '../../local/front-door.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('front door', () => {
  let upstream: Server;
  let door: FrontDoor;
  let seen: Seen[];

  beforeAll(async () => {
    seen = [];
    const pem = await generate([{ name: 'commonName', value: 'test' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    upstream = createServer({ cert: pem.cert, key: pem.private }, (incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const { method = '', url = '', headers } = incoming;
        seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
        response.setHeader('set-cookie', ['a=1; Path=/', 'b=2; Path=/']);
        response.writeHead(303, { location: '/approvals/x', connection: 'close' });
        response.end('see other');
      });
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    door = await openFrontDoor();
    const before = await fetch(door.url);
    expect(before.status).toBe(503);
    const { port } = upstream.address() as AddressInfo;
    door.forwardTo({ url: `https://127.0.0.1:${port}/_aws/api/$default`, ca: pem.cert });
  });
  afterAll(async () => {
    await door.stop();
    upstream.closeAllConnections();
    upstream.close();
  });

  it('passes method, path, query, cookies, headers and body on, and the answer back', async () => {
    const response = await fetch(`${door.url}/approvals/x?y=%2F`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: '__Host-session=abc', 'content-type': 'application/x-www-form-urlencoded' },
      body: 'verdict=approve',
    });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/approvals/x');
    expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2; Path=/']);
    expect(await response.text()).toBe('see other');
    expect(seen.at(-1)).toMatchObject({
      method: 'POST',
      url: '/_aws/api/$default/approvals/x?y=%2F',
      body: 'verdict=approve',
      headers: {
        cookie: '__Host-session=abc',
        'content-type': 'application/x-www-form-urlencoded',
        'x-forwarded-host': new URL(door.url).host,
      },
    });
  });

  it('sends no path elsewhere, whatever it looks like', async () => {
    const { port } = new URL(door.url);
    await new Promise<void>((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port, path: '//elsewhere.example/x', headers: { host: 'localhost' } },
        (answer) => {
          answer.resume().once('end', resolve);
        },
      );
      sent.once('error', reject).end();
    });
    expect(seen.at(-1)?.url).toBe('/_aws/api/$default//elsewhere.example/x');
  });

  it('refuses a foreign host name that resolves to this machine', async () => {
    const { port } = new URL(door.url);
    const status = await new Promise((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port, path: '/', headers: { host: 'evil.example' } },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      sent.once('error', reject).end();
    });
    expect(status).toBe(421);
  });

  it('takes the next free port by itself, and says so when the one asked for is taken', async () => {
    const { port } = new URL(door.url);
    const second = await openFrontDoor();
    expect(second.url).not.toBe(door.url);
    await second.stop();
    await expect(openFrontDoor(Number(port))).rejects.toThrow(PortInUseError);
  });

  it('listens on 127.0.0.1 only', async () => {
    const { port } = new URL(door.url);
    await expect(fetch(`http://[::1]:${port}/`)).rejects.toThrow();
  });
});

describe('headers that belong to one connection', () => {
  it('are not passed on, nor those that `connection` names', () => {
    expect(
      endToEnd({
        connection: 'keep-alive, X-Private',
        'keep-alive': 'timeout=5',
        'transfer-encoding': 'chunked',
        upgrade: 'h2c',
        'x-private': '1',
        cookie: 'a=1',
      }),
    ).toEqual({ cookie: 'a=1' });
  });
});
