import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { treeRoot } from '../../infra/platform/tree.ts';
import { type Stage, stages } from '../../infra/stage-settings.ts';
import type { CloudTemplate } from './template.ts';

export interface Synthesis {
  /** The cloud assembly: template, assets, validation report. */
  readonly folder: string;
  readonly template: CloudTemplate;
  /** Bytes of the template as CloudFormation gets it. */
  readonly templateBytes: number;
}

/** What the result depends on; anything else may change without a new synthesis. */
const inputs = [
  'cdk.json',
  'functions',
  'infra',
  'local/emulator-grants.ts',
  'package-lock.json',
  'policies',
  'state-machines',
  'test/infra/synthesis.ts',
];

/** What the CDK CLI adds: construct paths, by which the tests name resources. */
const cliContext = { 'aws:cdk:enable-path-metadata': true, 'aws:cdk:enable-asset-metadata': true };

const secret = (name: string) => `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${name}-AbCdEf`;

/**
 * Settings beside the stage, so that each construct is built and looked at in one of them; prod has the defaults, and mail:
 * no cloud stage goes without a channel.
 */
const settings: Readonly<Record<Stage, Readonly<Record<string, string>>>> = {
  local: { oidcIssuer: 'http://localhost:4100', publicBaseUrl: 'http://localhost:4000' },
  dev: {
    createUserPool: 'true',
    slackChannel: 'C0123456789',
    slackSecretArn: secret('slack'),
    webhookSecretArn: secret('teams'),
    notifyEmail: 'oncall@example.com',
  },
  test: {
    oidcIssuer: 'https://login.example.com',
    oidcClientId: 'pages',
    oidcCliClientId: 'cli',
    oidcClientSecretArn: secret('oidc'),
    oidcScopes: 'openid offline_access',
    oidcGroupsClaim: 'roles',
    oidcIdTokenAlgorithm: 'ES256',
    publicBaseUrl: 'https://approvals.example.com',
    notifyEmail: 'oncall@example.com',
  },
  prod: { notifyEmail: 'oncall@example.com' },
};

const cache = join(treeRoot, 'node_modules', '.cache', 'interlock-synthesis');
const run = promisify(execFile);

/**
 * One stage as `cdk synth` makes it, with cdk-nag on. All stages are synthesised at once, which takes little longer
 * than one, and kept by the content of everything they are made from, so that the test files of a run, each in a
 * process of its own, share them.
 */
export async function synthesis(stage: Stage): Promise<Synthesis> {
  const kept = join(cache, contentKey());
  mkdirSync(cache, { recursive: true });
  while (!existsSync(kept)) {
    const release = takeLock(join(cache, 'lock'));
    if (release === undefined) {
      await sleep(100);
      continue;
    }
    try {
      if (!existsSync(kept)) {
        forgetOld();
        const draft = mkdtempSync(join(cache, 'draft-'));
        await run(join(treeRoot, 'node_modules', '.bin', 'node'), [import.meta.filename, draft], {
          cwd: treeRoot,
        });
        renameSync(draft, kept);
      }
    } finally {
      release();
    }
  }
  const folder = join(kept, stage);
  const file = join(folder, `Interlock-${stage}.template.json`);
  const text = readFileSync(file, 'utf8');
  return { folder, template: JSON.parse(text), templateBytes: statSync(file).size };
}

/** Assemblies of earlier states of the tree, and drafts of runs that failed. */
function forgetOld(): void {
  const oldest = Date.now() - 3_600_000;
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if (name !== 'lock' && statSync(path).mtimeMs < oldest) rmSync(path, { recursive: true, force: true });
  }
}

/** Runs the app as the CDK CLI does, stage by stage, in this process: the CDK is loaded and the functions are bundled once. */
async function synthesiseInto(folder: string): Promise<void> {
  const { synthesise } = await import('../../infra/app.ts');
  const { bundleFunctions } = await import('../../infra/platform/bundle.ts');
  const bundles = await bundleFunctions();
  const { context } = JSON.parse(readFileSync(join(treeRoot, 'cdk.json'), 'utf8'));
  for (const stage of stages) {
    process.env['CDK_CONTEXT_JSON'] = JSON.stringify({
      ...context,
      ...cliContext,
      ...settings[stage],
      stage,
      nag: 'true',
    });
    process.env['CDK_OUTDIR'] = join(folder, stage);
    // CloudFormation's own rules take longer than all else; what they look at is the same in every stage.
    process.env['CDK_VALIDATION'] = String(stage === 'prod');
    await synthesise(() => bundles);
  }
}

/** One synthesis at a time: two would share the same cores and take longer each. A lock left behind by a killed run counts for two minutes. */
function takeLock(lock: string): (() => void) | undefined {
  try {
    mkdirSync(lock);
    return () => rmSync(lock, { recursive: true, force: true });
  } catch {
    const madeAtEpochMs = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - madeAtEpochMs > 120_000) rmSync(lock, { recursive: true, force: true });
    return undefined;
  }
}

function contentKey(): string {
  const hash = createHash('sha256').update(process.version);
  for (const file of inputs.flatMap(filesBelow).toSorted()) {
    hash.update(`\0${file}\0`).update(readFileSync(join(treeRoot, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

function filesBelow(path: string): string[] {
  if (statSync(join(treeRoot, path)).isFile()) return [path];
  return readdirSync(join(treeRoot, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(treeRoot.length));
}

// Started by `synthesis` in a process of its own: a finding sets the exit code, and the CDK keeps its state.
if (import.meta.main) await synthesiseInto(process.argv[2] ?? '');
