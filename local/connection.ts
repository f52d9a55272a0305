import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { region, rootCredentials } from './places.ts';

/** What a program needs to reach the running emulator as its root user. */
export interface Connection {
  readonly endpointUrl: string;
  readonly caFile?: string | undefined;
}

/** Environment of a child process that talks to the emulator: an AWS client there needs no other setting. */
export function connectionEnvironment({ endpointUrl, caFile }: Connection): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpointUrl,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: rootCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: rootCredentials.secretAccessKey,
    ...(caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile, AWS_CA_BUNDLE: caFile }),
  };
}

/**
 * Points every AWS client, `fetch` and TLS socket that this process and its children make from now on at the
 * emulator. Whatever the user's shell says about AWS (a profile, a session, an endpoint of one service) is
 * dropped first: nothing the local mode does may reach a real account.
 */
export function connectThisProcess(connection: Connection): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, connectionEnvironment(connection), {
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  });
  if (connection.caFile !== undefined) {
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(connection.caFile, 'utf8')]);
  }
}
