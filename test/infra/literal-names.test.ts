import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { expect, test } from 'vitest';
import { literalNames, withLiteralNames } from '../../infra/platform/literal-names.ts';
import { treeRoot } from '../../infra/platform/tree.ts';

test.each([
  ['a constant of the module', 'const _xN = "xmlName";\nvar a = { [_xN]: 1 };', 'var a = { "xmlName": 1 };'],
  [
    'several',
    'const _a = "a";\nconst _b = "b-c";\nvar a = [{ [_a]: _b,\n [_b]: 1 }];',
    '[{ "a": _b,\n "b-c": 1 }]',
  ],
  ['an escaped one', 'const _a = "a\\"b";\nvar a = { [_a]: 1 };', '{ "a\\"b": 1 }'],
  ['one of another module', 'var a = { [_xN]: 1 };', '{ [_xN]: 1 }'],
  ['one that changes', 'let _a = "a";\nvar a = { [_a]: 1 };', '{ [_a]: 1 }'],
  ['one that is no text', 'const _a = 1;\nvar a = { [_a]: 1 };', '{ [_a]: 1 }'],
  ['the prototype', 'const _p = "__proto__";\nvar a = { [_p]: 1 };', '{ [_p]: 1 }'],
  ['an element', 'const _a = "a";\nvar a = b[_a];', 'b[_a]'],
])('a member named by %s', (_what, source, expected) => {
  expect(withLiteralNames(source)).toContain(expected);
});

test.each(['ec2', 's3', 'dynamodb'])('the schemas of %s say the same as before', async (client) => {
  const folder = mkdtempSync(join(tmpdir(), 'interlock-schemas-'));
  try {
    const [before, after] = [
      await schemasOf(client, [], folder),
      await schemasOf(client, [literalNames], folder),
    ];
    expect(Object.keys(before).length).toBeGreaterThan(50);
    expect(after).toStrictEqual(before);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Every exported schema by name; what it refers to lazily is left out. */
async function schemasOf(client: string, plugins: Plugin[], folder: string): Promise<Record<string, string>> {
  const outfile = join(folder, `${plugins.length}.mjs`);
  await build({
    entryPoints: [join(treeRoot, `node_modules/@aws-sdk/client-${client}/dist-es/schemas/schemas_0.js`)],
    plugins,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
  });
  const schemas = (await import(pathToFileURL(outfile).href)) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, JSON.stringify(schema)]));
}
