import { parseArgs } from 'node:util';
import { scenarioNamed, scenarios } from './scenarios/catalogue.ts';
import type { Scenario } from './scenarios/scenario.ts';

/** What `npm start -- …` was asked for. */
export interface StartOptions {
  readonly scenario: Scenario;
  /** Answer approvals as a scripted approver, print a summary and exit. */
  readonly once: boolean;
  /** One JSON document on standard output, everything else on standard error. */
  readonly json: boolean;
  /** Base URL of a real OpenAI-compatible server; the scripted stand-in without it. */
  readonly modelUrl?: string;
  readonly modelName?: string;
  /** Port of the front door; the first free one from 4700 without it. */
  readonly port?: number;
  /** Serve the approval pages and the identity provider over TLS, with the run's own certificate. */
  readonly tls: boolean;
}

export type ParsedOptions =
  | { readonly outcome: 'options'; readonly options: StartOptions }
  | { readonly outcome: 'help' }
  | { readonly outcome: 'invalid'; readonly message: string };

/** Reads the arguments; anything unknown or malformed is refused with what to write instead. */
export function parseOptions(args: readonly string[]): ParsedOptions {
  try {
    return read(args);
  } catch (error) {
    return invalid(error instanceof Error ? error.message : String(error));
  }
}

function read(args: readonly string[]): ParsedOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', default: 'alias-rollback' },
      once: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'model-url': { type: 'string' },
      model: { type: 'string' },
      port: { type: 'string' },
      tls: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { outcome: 'help' };
  const scenario = scenarioNamed(values.scenario);
  if (scenario === undefined) {
    return invalid(
      `there is no scenario "${values.scenario}": choose one of ${scenarios.map(({ name }) => name).join(', ')}`,
    );
  }
  const modelUrl = values['model-url'];
  if (modelUrl !== undefined && !isHttpUrl(modelUrl)) {
    return invalid(`--model-url takes a URL such as http://127.0.0.1:11434/v1, not "${modelUrl}"`);
  }
  if ((modelUrl === undefined) !== (values.model === undefined)) {
    return invalid(
      '--model-url and --model go together: where the server is, and which of its models to ask',
    );
  }
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
    return invalid(`--port takes a number from 1 to 65535, not "${values.port}"`);
  }
  if (values.json && !values.once) {
    return invalid('--json reports how a run ended, so it needs --once');
  }
  return {
    outcome: 'options',
    options: {
      scenario,
      once: values.once,
      json: values.json,
      tls: values.tls,
      ...(modelUrl === undefined ? {} : { modelUrl: modelUrl.replace(/\/+$/, '') }),
      ...(values.model === undefined ? {} : { modelName: values.model }),
      ...(port === undefined ? {} : { port }),
    },
  };
}

function invalid(message: string): ParsedOptions {
  return { outcome: 'invalid', message };
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

export const help = `Usage: npm start -- [options]

Starts Interlock and a small demo workload on this machine, makes the workload fail and
shows how the incident is worked, until Ctrl-C.

  --scenario NAME    what goes wrong:
${scenarios.map(({ name, summary }) => `                       ${name.padEnd(18)} ${summary}`).join('\n')}
  --once             approve by script, print a summary, exit 0 only if it ended as it should
  --json             with --once: one JSON document on standard output
                       (npm start --silent -- --once --json keeps npm's own lines out)
  --model-url URL    a real OpenAI-compatible server (Ollama, vLLM, llama.cpp), with its /v1
  --model NAME       which of its models to ask
  --port N           port of the approval pages (4700, or the next free one)
  --tls              approval pages and local sign-in over https, with a certificate of this
                       run that your browser does not know and will warn about
  --help             this text
`;
