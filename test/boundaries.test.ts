import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/**
 * The arrows that may exist between the files under `functions/`, checked on the imports as they stand:
 * handlers → stores and clients → rules, `platform` and `audit` below everything, no capability reaching into
 * another one's handler or store, no cycle. A rule file takes everything it depends on as an argument.
 */
const root = fileURLToPath(new URL('..', import.meta.url));

type Kind = 'handler' | 'store' | 'rule';

interface SourceFile {
  readonly path: string;
  readonly capability: string;
  readonly kind: Kind;
  readonly text: string;
  /** Files of the tree, by path. */
  readonly imports: readonly string[];
  /** Packages and Node modules; `import type` is left out, it is gone at run time. */
  readonly packages: readonly string[];
}

const files = readdirSync(join(root, 'functions'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => read(`functions/${name.split(sep).join('/')}`));
const byPath = new Map(files.map((file) => [file.path, file]));

/** Capabilities that every other may build on, stores included. */
const groundFloor = new Set(['platform', 'audit']);

/** Rules may use these: pure computation. */
const purePackages = [
  /^node:crypto$/,
  /^zod(\/mini)?$/,
  /^cockatiel$/,
  /^hono(\/|$)/,
  /^jose$/,
  /^@cedar-policy\//,
];

/** What a rule would have to be given instead. */
const impure: [RegExp, string][] = [
  [/\bprocess\.env\b/, 'settings: read them in the handler and pass values'],
  [/\bDate\.now\(|\bnew Date\(\)/, 'the time: take nowEpochMs as an argument'],
  [/\bMath\.random\(|\brandomBytes\(|\brandomUUID\(/, 'randomness: take the random value as an argument'],
  [/\bfetch\(|\bsetTimeout\(|\bsetInterval\(/, 'effects: move it to a *.client.ts and pass what it returned'],
];

describe('import boundaries', () => {
  it('saw the tree', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((file) => file.kind === 'handler').length).toBeGreaterThan(10);
    expect(files.filter((file) => file.imports.length > 0).length).toBeGreaterThan(40);
  });

  it('resolves every relative import to a file under functions/ or a policy file', () => {
    const lost = files.flatMap((file) =>
      file.imports
        .filter((path) => !byPath.has(path) && !/^policies\/[a-z-]+\.json$/.test(path))
        .map((path) => `${file.path} imports ${path}, which is not under functions/`),
    );
    expect(lost).toStrictEqual([]);
  });

  it('only handlers import handlers, only handlers and stores import stores', () => {
    const wrong = files.flatMap((file) =>
      file.imports
        .map((path) => byPath.get(path))
        .filter((target) => target !== undefined)
        .filter((target) => rank(target.kind) > rank(file.kind))
        .map(
          (target) =>
            `${file.path} (${file.kind}) imports ${target.path} (${target.kind}): pass in what it needs`,
        ),
    );
    expect(wrong).toStrictEqual([]);
  });

  it('reaches only the rules of another capability, and platform below audit below the rest', () => {
    const wrong = files.flatMap((file) =>
      file.imports
        .map((path) => byPath.get(path))
        .filter((target) => target !== undefined && target.capability !== file.capability)
        .filter((target) => target !== undefined && !mayReach(file, target))
        .map(
          (target) => `${file.path} imports ${target?.path}: only rules may be shared between capabilities`,
        ),
    );
    expect(wrong).toStrictEqual([]);
  });

  it('keeps SDKs, clocks, environment, randomness and network out of the rules', () => {
    const wrong = files
      .filter((file) => file.kind === 'rule' && file.capability !== 'platform')
      // A text that is served: it runs in somebody's browser, not here.
      .filter((file) => !file.path.endsWith('.browser.ts'))
      .flatMap((file) => [
        ...file.packages
          .filter((name) => !purePackages.some((allowed) => allowed.test(name)))
          .map(
            (name) =>
              `${file.path} imports ${name}: rename it to *.store.ts or *.client.ts, or move the import there`,
          ),
        ...impure
          .filter(([pattern]) => pattern.test(file.text))
          .map(([, what]) => `${file.path} reaches for ${what}`),
      ]);
    expect(wrong).toStrictEqual([]);
  });

  it('has no cycle', () => {
    const done = new Set<string>();
    const walk = (path: string, trail: readonly string[]): string[] => {
      if (trail.includes(path)) return [[...trail.slice(trail.indexOf(path)), path].join(' → ')];
      if (done.has(path)) return [];
      const cycles = (byPath.get(path)?.imports ?? []).flatMap((next) => walk(next, [...trail, path]));
      done.add(path);
      return cycles;
    };
    expect(files.flatMap((file) => walk(file.path, []))).toStrictEqual([]);
  });

  it('keeps handlers thin', () => {
    const thick = files
      .filter((file) => file.kind === 'handler')
      .map((file) => ({ path: file.path, lines: file.text.split('\n').length }))
      .filter(({ lines }) => lines > 120);
    expect(thick).toStrictEqual([]);
  });
});

function read(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const specifiers = [
    ...text.matchAll(/^(?:import|export)(\s+type)?\s[^;]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm),
  ].map(([, type, from, bare]) => ({ isType: type !== undefined, name: from ?? bare ?? '' }));
  return {
    path,
    capability: path.split('/')[1] ?? '',
    kind: /\.handler\.tsx?$/.test(path) ? 'handler' : /\.(store|client)\.tsx?$/.test(path) ? 'store' : 'rule',
    text: text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ''),
    imports: specifiers
      .filter(({ name }) => name.startsWith('.'))
      .map(({ name }) =>
        posix.normalize(
          relative(root, join(root, dirname(path), name))
            .split(sep)
            .join('/'),
        ),
      ),
    packages: specifiers
      .filter(({ name, isType }) => !name.startsWith('.') && !isType)
      .map(({ name }) => name),
  };
}

function rank(kind: Kind): number {
  return { rule: 0, store: 1, handler: 2 }[kind];
}

function mayReach(file: SourceFile, target: SourceFile): boolean {
  if (file.capability === 'platform') return false;
  if (target.capability === 'platform') return true;
  if (file.capability === 'audit') return false;
  return groundFloor.has(target.capability) ? target.kind !== 'handler' : target.kind === 'rule';
}
