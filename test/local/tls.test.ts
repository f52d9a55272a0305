import { mkdtempSync, rmSync } from 'node:fs';
import { request as requestPlain } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate, readCertificate } from '../../local/certificate.ts';
import { openFrontDoor } from '../../local/front-door.ts';
import { startIdentityProvider } from '../../local/identity-provider/provider.ts';
import type { ServerCertificate } from '../../local/loopback-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'tls test-'));
let certificate: ServerCertificate;

beforeAll(async () => {
  certificate = readCertificate(await makeCertificate(folder, undefined));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('npm start --tls', () => {
  it('opens the front door over TLS, with the certificate of the run, and not in plain text', async () => {
    const door = await openFrontDoor(undefined, certificate);
    try {
      expect(door.url).toMatch(/^https:\/\/localhost:\d+$/);
      expect(await get(door.url)).toMatchObject({ status: 503, body: 'Interlock is still starting.\n' });
      await expect(get(door.url, '')).rejects.toThrow(/self.signed/i);
      await expect(getPlain(door.url.replace('https:', 'http:'))).rejects.toThrow();
    } finally {
      await door.stop();
    }
  });

  it('gives the identity provider an https issuer, endpoints under it and cookies for TLS only', async () => {
    const provider = await startIdentityProvider({
      users: [{ id: 'ana', displayName: 'Ana', role: 'Approver', groups: [] }],
      frontDoorUrl: 'https://localhost:9',
      certificate,
    });
    try {
      expect(provider.issuer).toMatch(/^https:\/\/localhost:\d+$/);
      const { body } = await get(`${provider.issuer}/.well-known/openid-configuration`);
      const document = JSON.parse(body) as Record<string, unknown>;
      expect(document['issuer']).toBe(provider.issuer);
      for (const name of [
        'authorization_endpoint',
        'token_endpoint',
        'jwks_uri',
        'device_authorization_endpoint',
      ]) {
        expect(String(document[name]).startsWith(`${provider.issuer}/`), name).toBe(true);
      }
      const started = await get(
        `${provider.issuer}/auth?${new URLSearchParams({
          client_id: 'interlock-pages',
          response_type: 'code',
          redirect_uri: 'https://localhost:9/sign-in/callback',
          scope: 'openid',
          code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
          code_challenge_method: 'S256',
        }).toString()}`,
      );
      expect(started.status).toBe(303);
      expect(started.cookies.length).toBeGreaterThan(0);
      for (const cookie of started.cookies) expect(cookie).toMatch(/; secure; httponly/i);
    } finally {
      await provider.stop();
    }
  });
});

function get(url: string, ca = certificate.certificate) {
  return new Promise<{ status: number | undefined; body: string; cookies: string[] }>((resolve, reject) => {
    const sent = request(url, { ca: ca === '' ? [] : ca, agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      answer.once('end', () =>
        resolve({ status: answer.statusCode, body, cookies: answer.headers['set-cookie'] ?? [] }),
      );
    });
    sent.once('error', reject).end();
  });
}

function getPlain(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    requestPlain(url, { agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .once('error', reject)
      .end();
  });
}
