import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeArtefact } from '../../infra/platform/artefact.ts';
import { type Bundles, bundleFunctions, inputsOf, requireEntries } from '../../infra/platform/bundle.ts';
import { functionEntryOf, functionNames } from '../../infra/platform/function-entries.ts';
import { treeRoot } from '../../infra/platform/tree.ts';
import { synthesis } from './synthesis.ts';
import { functionNamed, resourcesOf } from './template.ts';

let folder: string;
let bundles: Bundles;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interlock-artefact-test-'));
  bundles = await bundleFunctions(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('bundles', () => {
  const policyFiles = () =>
    readdirSync(join(treeRoot, 'policies'), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => `policies/${name}`);

  test.each(functionNames)('%s holds its own code and what it reads at run time, nothing else', (name) => {
    const files = readdirSync(bundles.folderOf(name), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name).slice(bundles.folderOf(name).length + 1));
    const extra = [
      ...(name === 'decide' ? ['cedar_wasm_bg.wasm'] : []),
      ...(name === 'decide' || name === 'publish-policies' ? policyFiles() : []),
    ];
    expect(files.toSorted()).toEqual(['index.mjs', ...extra].toSorted());
  });

  test.each(functionNames)('%s carries no handler but its own', (name) => {
    const entries = new Set<string>(functionNames.map((other) => functionEntryOf(other).entry));
    const carried = inputsOf(bundles.metafile, name).filter((input) => entries.has(input));
    expect(carried).toEqual([functionEntryOf(name).entry]);
  });

  test.each(functionNames)('%s stays under a megabyte', (name) => {
    expect(statSync(join(bundles.folderOf(name), 'index.mjs')).size).toBeLessThan(1_000_000);
  });

  test('a handler that does not exist is named with its function', () => {
    expect(() => requireEntries(folder)).toThrow('functions/autonomy/decide.handler.ts (function decide)');
    expect(() => requireEntries(treeRoot)).not.toThrow();
  });

  test('a path of this machine is in none of them', () => {
    for (const name of functionNames) {
      expect(readFileSync(join(bundles.folderOf(name), 'index.mjs'), 'utf8')).not.toContain(treeRoot);
    }
  });
});

describe('artefact', () => {
  test('has the same digests when built again elsewhere', async () => {
    const again = mkdtempSync(join(tmpdir(), 'interlock-artefact-again-'));
    try {
      expect(describeArtefact(await bundleFunctions(again))).toEqual(describeArtefact(bundles));
    } finally {
      rmSync(again, { recursive: true, force: true });
    }
  });

  test('one changed byte of one bundle changes the version and not the policy digest', () => {
    const before = describeArtefact(bundles);
    const file = join(bundles.folderOf('triage'), 'index.mjs');
    const code = readFileSync(file);
    writeFileSync(file, Buffer.concat([code, Buffer.from(' ')]));
    const after = describeArtefact(bundles);
    writeFileSync(file, code);
    expect(after.version).not.toBe(before.version);
    expect(after.policyDigest).toBe(before.policyDigest);
  });

  test('is what every function and the outputs of the stack say', async () => {
    const { template } = await synthesis('prod');
    const { version, policyDigest } = describeArtefact(bundles);
    for (const { Properties } of resourcesOf(template, 'AWS::Lambda::Function')) {
      expect(Properties.Environment.Variables).toMatchObject({
        ENVIRONMENT: 'prod',
        ARTEFACT_VERSION: version,
        POLICY_DIGEST: policyDigest,
      });
    }
    expect(template.Outputs['PolicyDigest']?.Value).toBe(policyDigest);
    expect(template.Outputs['ArtefactVersion']?.Value).toBe(version);
  });
});

describe('functions', () => {
  test.each(functionNames)(
    '%s runs Node 24 on ARM64 with its own log group, and is not traced',
    async (name) => {
      const { template } = await synthesis('prod');
      const { Properties } = functionNamed(template, name);
      expect(Properties.Runtime).toBe('nodejs24.x');
      expect(Properties.Architectures).toEqual(['arm64']);
      expect(Properties.LoggingConfig).toMatchObject({ LogFormat: 'JSON' });
      expect(Properties.LoggingConfig.LogGroup.Ref).toBeTypeOf('string');
      expect(Properties.TracingConfig).toBeUndefined();
      expect(Properties.Timeout).toBe(functionEntryOf(name).timeoutSeconds);
    },
  );

  test('the stack tells a client where everything is', async () => {
    const { template } = await synthesis('local');
    expect(Object.keys(template.Outputs).toSorted()).toEqual([
      'ApiUrl',
      'ArtefactVersion',
      'ChangeStateMachineArn',
      'ControlsTable',
      'EventBusName',
      'IncidentStateMachineArn',
      'LedgerTable',
      'OperationsTable',
      'P0DlqUrl',
      'P0QueueUrl',
      'P1DlqUrl',
      'P1QueueUrl',
      'P2DlqUrl',
      'P2QueueUrl',
      'PagesUrl',
      'PersonTopicArn',
      'PolicyDigest',
      'SnapshotBucket',
      'SnapshotRetentionDays',
    ]);
  });
});
