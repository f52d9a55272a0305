import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Certificate, makeCertificate } from './certificate.ts';
import { region, root, scratchFolder, venvPython } from './places.ts';
import { freePort, type Group, lastLines, startLoggedGroup } from './processes.ts';

export interface EmulatorOptions {
  /** Enforce IAM: each Lambda runs on its own role's rights. */
  readonly iam: boolean;
  /** Serve TLS. Needed with IAM: the CDK bootstrap bucket refuses plain HTTP. */
  readonly tls: boolean;
  /** What it then shows and what its Lambdas trust. @default one made for this emulator */
  readonly certificate?: Certificate;
  readonly logFile: string;
  /** Called once, with the last log lines, when the emulator ends without having been stopped. */
  readonly onCrash?: (message: string) => void;
  /** Python that has MiniStack. @default the project's own virtual environment */
  readonly python?: string;
}

export interface Emulator {
  /** Process id, and id of the process group that its Lambda workers are in too. */
  readonly pid: number;
  /** `http(s)://127.0.0.1:PORT`: the endpoint of every AWS service. */
  readonly endpointUrl: string;
  /** What a client must trust; undefined without TLS. */
  readonly caFile: string | undefined;
  /** Stops it with every Lambda worker it started and deletes its folder. Safe to call again. */
  readonly stop: () => Promise<void>;
}

const readyTimeoutMs = 60_000;

/**
 * Starts MiniStack on a free port of 127.0.0.1 and waits until it answers.
 *
 * @throws Error with the last log lines when it does not become ready within a minute.
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const folder = scratchFolder('emulator');
  // MiniStack's Lambda worker is CommonJS and runs under TMPDIR; without this it would inherit our "module".
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}\n');
  const certificate = options.tls
    ? (options.certificate ?? (await makeCertificate(folder, process.env['NODE_EXTRA_CA_CERTS'])))
    : undefined;
  const port = await freePort();
  const endpointUrl = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  const group = startLoggedGroup(
    options.python ?? process.env['INTERLOCK_PYTHON'] ?? venvPython,
    ['-I', join(root, 'local', 'ministack_launcher.py')],
    {
      cwd: folder,
      env: environment(options, folder, port, endpointUrl, certificate),
      logFile: options.logFile,
    },
  );
  let stopping = false;
  const stop = async (): Promise<void> => {
    stopping = true;
    await group.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  const reportCrash = async (): Promise<void> => {
    const code = await group.ended;
    if (!stopping) options.onCrash?.(endedMessage(code, options.logFile));
  };
  try {
    await becomesReady(endpointUrl, certificate, group, options.logFile);
  } catch (error) {
    await stop();
    throw error;
  }
  void reportCrash();
  return { pid: group.process.pid ?? 0, endpointUrl, caFile: certificate?.caFile, stop };
}

/**
 * Nothing of the user's own environment but the search path: a Lambda inherits it, and must not find the
 * user's AWS profile, proxy or home folder there.
 */
function environment(
  options: EmulatorOptions,
  folder: string,
  port: number,
  endpointUrl: string,
  certificate: Certificate | undefined,
): NodeJS.ProcessEnv {
  return {
    PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
    HOME: folder,
    TMPDIR: folder,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    PYTHONUNBUFFERED: '1',
    LOG_LEVEL: 'INFO',
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    MINISTACK_REGION: region,
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    AUTH: String(options.iam),
    AWS_ENDPOINT_URL: endpointUrl,
    ...(certificate === undefined
      ? {}
      : {
          USE_SSL: '1',
          MINISTACK_SSL_CERT: certificate.certificateFile,
          MINISTACK_SSL_KEY: certificate.keyFile,
          NODE_EXTRA_CA_CERTS: certificate.caFile,
        }),
  };
}

async function becomesReady(
  endpointUrl: string,
  certificate: Certificate | undefined,
  group: Group,
  logFile: string,
): Promise<void> {
  const ca = certificate === undefined ? undefined : readFileSync(certificate.certificateFile, 'utf8');
  const deadline = Date.now() + readyTimeoutMs;
  while (Date.now() < deadline) {
    if (await answers(`${endpointUrl}/_ministack/health`, ca)) return;
    const code = await Promise.race([group.ended, sleep(50, 'running' as const)]);
    if (code !== 'running') throw new Error(endedMessage(code, logFile));
  }
  throw new Error(`MiniStack did not answer at ${endpointUrl} within a minute; see ${logFile}`);
}

function answers(url: string, ca: string | undefined): Promise<boolean> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    const sent = request(url, { ...(ca === undefined ? {} : { ca }), timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    sent.once('timeout', () => sent.destroy());
    sent.once('error', () => resolve(false));
    sent.end();
  });
}

function endedMessage(code: number | null, logFile: string): string {
  const why = code === null ? 'was ended by a signal' : `ended with exit code ${code}`;
  return `MiniStack ${why}; the end of ${logFile}:\n${lastLines(logFile, 15)}`;
}
