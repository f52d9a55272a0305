import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkPolicies } from '../../infra/platform/policy-check.ts';
import { treeRoot } from '../../infra/platform/tree.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'interlock-policies-'));
  cpSync(join(treeRoot, 'policies'), directory, { recursive: true });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** One member of a shipped JSON file replaced. */
function altered(file: string, change: object): string {
  const shipped = JSON.parse(readFileSync(join(treeRoot, 'policies', file), 'utf8'));
  return JSON.stringify({ ...shipped, ...change });
}

describe('before anything is built, the policies', () => {
  test('pass as they are shipped', () => {
    expect(checkPolicies().taxonomy.classes.length).toBeGreaterThan(0);
    expect(checkPolicies(directory)).toEqual(checkPolicies());
  });

  const loose = { low: 'auto', medium: 'auto', high: 'auto' };
  test.each<[string, string, string, string]>([
    ['an attribute outside the schema', 'typo.cedar', cedar('resource.nmae == "a"'), 'nmae'],
    ['two types that never compare', 'typo.cedar', cedar('resource.kind == 1'), 'not compatible'],
    ['a condition that never holds', 'typo.cedar', cedar('false'), 'impossible'],
    [
      'an action outside the schema',
      'typo.cedar',
      'permit (principal, action == Interlock::Action::"lambda.shift-alais", resource);',
      'lambda.shift-alais',
    ],
    ['text that is no policy', 'typo.cedar', 'permit (principal', 'failed to parse'],
    ['a second policy in a file', 'typo.cedar', `${cedar('true')}\n${cedar('true')}`, 'failed to parse'],
    ['a file without a policy', 'typo.cedar', '// to be written\n', 'failed to parse'],
    ['a template', 'typo.cedar', 'permit (principal == ?principal, action, resource);', 'template'],
    ['a schema that cannot be read', 'interlock.cedarschema', 'namespace Interlock {', 'schema'],
    ['a policy under a name that nothing reads', 'forbid-all.ceder', cedar('true'), 'nothing reads'],
    ['text that is no JSON', 'autonomy.json', '{', 'not JSON'],
    [
      'a matrix that allows more for a higher tier',
      'autonomy.json',
      altered('autonomy.json', {
        matrix: {
          observe: loose,
          suggest: loose,
          'auto-low': loose,
          guarded: { ...loose, low: 'recommend' },
        },
      }),
      'not monotone',
    ],
    ['an unknown member', 'autonomy.json', altered('autonomy.json', { defaultStage: 'guarded' }), 'unknown'],
    ['an unknown member', 'approvers.json', altered('approvers.json', { everybody: true }), 'unknown'],
    [
      'restricted data that could leave',
      'routing.json',
      readFileSync(join(treeRoot, 'policies', 'routing.json'), 'utf8').replace(
        /"dataClass": *"\w+"/,
        '"dataClass": "restricted"',
      ),
      'restricted data may not be sent to bedrock',
    ],
    ['no event class', 'event-taxonomy.json', altered('event-taxonomy.json', { classes: [] }), 'classes'],
    [
      'a limit left out',
      'limits.json',
      altered('limits.json', { default: { maximumResources: 3 } }),
      'limits.json has missing',
    ],
    [
      'a runbook that takes itself back',
      'runbooks.json',
      altered('runbooks.json', {
        runbooks: [
          {
            document: 'Shop-Pause',
            version: '1',
            target: 'ecs-service',
            targetParameter: 'Service',
            inverse: { document: 'Shop-Pause', version: '2' },
          },
        ],
      }),
      'as its own inverse',
    ],
    ['no users that can be read', 'local-users.json', '[', 'not JSON'],
  ])('are refused for %s (%s)', (_what, file, text, named) => {
    writeFileSync(join(directory, file), text);
    const message = refusal();
    expect(message).toContain(`policies/${file}`);
    expect(message).toContain(named);
    expect(message.split('\n')).toHaveLength(1);
    // No path of this machine, and no other file blamed.
    expect(message).not.toContain(directory);
    expect(new Set(message.match(/policies\/[\w.-]+\w/g))).toEqual(new Set([`policies/${file}`]));
  });

  test.each([
    'approvers.json',
    'autonomy.json',
    'event-taxonomy.json',
    'limits.json',
    'routing.json',
    'runbooks.json',
    'interlock.cedarschema',
  ])('are refused without %s', (file) => {
    rmSync(join(directory, file));
    expect(refusal()).toContain(`policies/${file} is missing`);
  });

  test('are refused without a single Cedar policy', () => {
    for (const name of readdirSync(directory).filter((file) => file.endsWith('.cedar')))
      rmSync(join(directory, name));
    expect(refusal()).toContain('no *.cedar file');
  });

  test('are refused with a folder, whose policies nothing would read', () => {
    mkdirSync(join(directory, 'more'));
    writeFileSync(join(directory, 'more', 'forbid-all.cedar'), cedar('true'));
    expect(refusal()).toContain('policies/more');
  });

  test('are refused when the schema is not that of the action catalogue, with what to do about it', () => {
    const file = join(directory, 'interlock.cedarschema');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"toVersion": String', '"toVersion"?: String'));
    expect(refusal()).toMatch(/schema of the action catalogue; .*`npx interlock policy schema --write`/);
  });

  test('are refused when a table test does not hold, with its words', () => {
    const freeze = '@reason("closed") forbid (principal, action, resource);';
    writeFileSync(join(directory, 'forbid-all.cedar'), freeze);
    expect(refusal()).toContain(
      'policies/tests/permits.json: "a responder may do lambda.shift-alias" expects permitted',
    );
  });

  test.each([
    ['a table that cannot be read', 'odd.json', '{', 'not JSON'],
    ['a table without a case', 'odd.json', '{"version":1,"cases":[]}', 'malformed'],
    ['a file beside the tables', 'odd.txt', '', 'nothing reads'],
  ])('are refused with %s', (_what, file, text, named) => {
    writeFileSync(join(directory, 'tests', file), text);
    expect(refusal()).toMatch(new RegExp(`policies/tests/${file}.*${named}`));
  });

  test('are refused with every fault named at once', () => {
    writeFileSync(join(directory, 'typo.cedar'), cedar('resource.nmae == "a"'));
    rmSync(join(directory, 'routing.json'));
    expect(refusal()).toMatch(/policies\/routing\.json is missing; policies\/typo\.cedar: .*nmae/);
  });
});

test('one faulty policy stops the synthesis with one line, before anything is bundled', async () => {
  const tree = mkdtempSync(join(tmpdir(), 'interlock-tree-'));
  try {
    for (const part of ['infra', 'functions', 'policies', 'package.json'])
      cpSync(join(treeRoot, part), join(tree, part), { recursive: true });
    symlinkSync(join(treeRoot, 'node_modules'), join(tree, 'node_modules'));
    writeFileSync(join(tree, 'policies', 'typo.cedar'), cedar('resource.nmae == "a"'));
    const failure = await promisify(execFile)(
      join(treeRoot, 'node_modules', '.bin', 'node'),
      [join(tree, 'infra', 'app.ts')],
      {
        env: {
          ...process.env,
          CDK_CONTEXT_JSON: '{"stage":"dev","notifyEmail":"oncall@example.com"}',
          CDK_OUTDIR: join(tree, 'cdk.out'),
        },
      },
    ).catch((error: unknown) => error as { code: number; stderr: string });
    expect(failure).toMatchObject({ code: 1 });
    expect(failure.stderr).toMatch(
      /^cannot deploy these policies: policies\/typo\.cedar: [^\n]*nmae[^\n]*\n$/,
    );
    expect(existsSync(join(tree, '.interlock'))).toBe(false);
    expect(existsSync(join(tree, 'cdk.out', 'Interlock-dev.template.json'))).toBe(false);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
});

function cedar(condition: string): string {
  return `forbid (principal, action, resource) when { ${condition} };`;
}

function refusal(): string {
  try {
    checkPolicies(directory);
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was refused';
}
