import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { ServerCertificate } from './loopback-server.ts';

/** A certificate for 127.0.0.1 made for one run, and the bundle that makes programs trust it. */
export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** The certificate, behind whatever the user already has in `NODE_EXTRA_CA_CERTS`. */
  readonly caFile: string;
}

/**
 * Self-signed, valid for 30 days, for `localhost` and `127.0.0.1` only. The private key never leaves the run's
 * folder, which is deleted when the run stops.
 *
 * @param folder Existing folder that only this user can read.
 * @param userCaFile Extra authorities the user trusts already; kept, because the variable holds one file only.
 */
export async function makeCertificate(folder: string, userCaFile: string | undefined): Promise<Certificate> {
  const notBeforeDate = new Date(Date.now() - 60 * 60 * 1_000);
  const notAfterDate = new Date(Date.now() + 30 * 24 * 60 * 60 * 1_000);
  const made = await generate([{ name: 'commonName', value: 'Interlock local mode' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate,
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  const certificateFile = join(folder, 'certificate.pem');
  const keyFile = join(folder, 'key.pem');
  const caFile = join(folder, 'trusted.pem');
  writeFileSync(certificateFile, made.cert);
  writeFileSync(keyFile, made.private, { mode: 0o600 });
  chmodSync(keyFile, 0o600);
  const already = userCaFile !== undefined && existsSync(userCaFile) ? readFileSync(userCaFile, 'utf8') : '';
  writeFileSync(caFile, `${already.trimEnd()}\n${made.cert}`.trimStart());
  return { certificateFile, keyFile, caFile };
}

/** The certificate and its key, for a server of this process. */
export function readCertificate({ certificateFile, keyFile }: Certificate): ServerCertificate {
  return { certificate: readFileSync(certificateFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}
