import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { type FunctionName, functionEntryOf, functionNames } from './function-entries.ts';
import { literalNames } from './literal-names.ts';
import { treeRoot } from './tree.ts';

/** Where each function's code stands after bundling: `index.mjs` and what it reads at run time. */
export interface Bundles {
  /** Folder of one function: its whole code asset. */
  readonly folderOf: (name: FunctionName) => string;
  /** What esbuild says went into each bundle: which sources a function carries. */
  readonly metafile: Metafile;
}

/** Some CommonJS dependencies ask for Node's own modules by `require`, which an ES module does not have. */
const requireBanner =
  "import { createRequire as interlockCreateRequire } from 'node:module'; const require = interlockCreateRequire(import.meta.url);";

/** The one module that reads policy files at run time; functions that bundle it get the files. */
const policyReader = 'functions/platform/policy-files.store.ts';

const settings: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // Halves the SDK's size against the CommonJS builds that `platform: node` would pick.
  mainFields: ['module', 'main'],
  outExtension: { '.js': '.mjs' },
  banner: { js: requireBanner },
  jsx: 'automatic',
  jsxImportSource: 'hono/jsx',
  // Less than half the bytes to load at a cold start; names stay for stack traces and for `error.name`.
  minify: true,
  keepNames: true,
  legalComments: 'none',
  plugins: [literalNames],
  metafile: true,
  logLevel: 'error',
};

/**
 * Bundles every Lambda in one esbuild call and puts beside each what it reads at run time: Cedar's compiled
 * module where Cedar is bundled, `policies/` where the reader of policy files is.
 *
 * @param folder Receives one folder per function; @default a temporary folder, removed when the process ends
 *   (CDK has copied the assets into the cloud assembly by then).
 * @throws Error naming the handlers that do not exist, or esbuild's own message.
 */
export async function bundleFunctions(folder: string = temporaryFolder()): Promise<Bundles> {
  requireEntries(treeRoot);
  const { metafile } = await build({
    ...settings,
    metafile: true,
    absWorkingDir: treeRoot,
    outdir: folder,
    entryPoints: functionNames.map((name) => ({ in: functionEntryOf(name).entry, out: `${name}/index` })),
  });
  const folderOf = (name: FunctionName): string => join(folder, name);
  for (const name of functionNames) {
    const inputs = inputsOf(metafile, name);
    if (inputs.some((input) => input.includes('@cedar-policy/cedar-wasm'))) {
      cpSync(cedarWasm(), join(folderOf(name), 'cedar_wasm_bg.wasm'));
    }
    if (inputs.includes(policyReader)) {
      copyFiles(join(treeRoot, 'policies'), join(folderOf(name), 'policies'));
    }
  }
  return { folderOf, metafile };
}

/** The files of a folder, not the folders in it: tests of policies are no part of what decides. */
function copyFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isFile()) cpSync(join(from, entry.name), join(to, entry.name));
  }
}

/** @throws Error naming each handler that does not exist below the root, and its function. */
export function requireEntries(root: string): void {
  const missing = functionNames.filter((name) => !existsSync(join(root, functionEntryOf(name).entry)));
  if (missing.length === 0) return;
  const files = missing.map((name) => `${functionEntryOf(name).entry} (function ${name})`).join(', ');
  throw new Error(`cannot bundle: missing handler ${files}; write it or take it out of function-entries.ts`);
}

/** Keeps the last metafile for the size benchmark; whole or not at all, since two builds may run at once. */
export function keepMetafile(metafile: Metafile): void {
  const target = join(treeRoot, '.interlock', 'bundle-metafile.json');
  mkdirSync(dirname(target), { recursive: true });
  const draft = `${target}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(metafile));
  renameSync(draft, target);
}

/** Every source file whose code ended up in one function's bundle. */
export function inputsOf(metafile: Metafile, name: FunctionName): string[] {
  const output = Object.values(metafile.outputs).find(
    ({ entryPoint }) => entryPoint === functionEntryOf(name).entry,
  );
  return Object.keys(output?.inputs ?? {});
}

/** The package exports its Node build only by name; the `/web` build that we bundle stands beside it. */
function cedarWasm(): string {
  const nodeEntry = createRequire(import.meta.url).resolve('@cedar-policy/cedar-wasm/nodejs');
  return join(dirname(nodeEntry), '..', 'web', 'cedar_wasm_bg.wasm');
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'interlock-bundles-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
