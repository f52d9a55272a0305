import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../../local/places.ts';
import type { Edit } from './removed/removed-defence.ts';

/** One attack: its describe and its case, joined as vitest joins them, and whether it was defended. */
export interface Attempt {
  readonly attack: string;
  readonly file: string;
  readonly defended: boolean;
}

const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');

/** A copy of the tree as it stands, in which defences can be removed. */
export class AttackedCopy {
  readonly #folder = mkdtempSync(join(tmpdir(), 'interlock-attacked-'));

  constructor() {
    const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--deduplicate'], {
      cwd: root,
      encoding: 'utf8',
    })
      .split('\n')
      .filter((file) => /^(functions|local|policies|test|infra)\/|^[^/]+$/.test(file))
      // One that was deleted is listed until that is committed.
      .filter((file) => existsSync(join(root, file)));
    for (const file of files) {
      mkdirSync(join(this.#folder, dirname(file)), { recursive: true });
      cpSync(join(root, file), join(this.#folder, file));
    }
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'));
  }

  /**
   * Tries attacks on this copy without some defences, which are put back afterwards.
   *
   * @param only Names as in {@link Attempt}; every attack without it.
   * @throws Error when a text to be removed is not found exactly once.
   */
  async attack(
    edits: readonly Edit[],
    only: readonly string[] = [],
    files: readonly string[] = [],
  ): Promise<Attempt[]> {
    const originals = new Map(edits.map(({ file }) => [file, this.#read(file)]));
    try {
      for (const { file, find, replace } of edits) {
        const parts = this.#read(file).split(find);
        if (parts.length !== 2) throw new Error(`${file} holds ${parts.length - 1} times: ${find}`);
        writeFileSync(join(this.#folder, file), parts.join(replace));
      }
      return await this.#run(only, files);
    } finally {
      for (const [file, text] of originals) writeFileSync(join(this.#folder, file), text);
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #read(file: string): string {
    return readFileSync(join(this.#folder, file), 'utf8');
  }

  async #run(only: readonly string[], files: readonly string[]): Promise<Attempt[]> {
    const report = join(this.#folder, 'report.json');
    rmSync(report, { force: true });
    const names = only.map((name) => name.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
    const filter = names.length === 0 ? [] : ['-t', `^(${names.join('|')})$`];
    const args = [
      'run',
      '--project=attacks',
      '--reporter=json',
      `--outputFile=${report}`,
      ...filter,
      ...files,
    ];
    const errors = await new Promise<string>((resolve) => {
      execFile(process.execPath, [vitest, ...args], { cwd: this.#folder }, (_failed, _out, err) =>
        resolve(err),
      );
    });
    const { testResults } = readReport(report, errors);
    return testResults.flatMap(({ name, message, assertionResults }) => {
      if (assertionResults.length === 0) throw new Error(`${name}: ${message}`);
      return assertionResults
        .filter(({ status }) => status === 'passed' || status === 'failed')
        .map(({ ancestorTitles, title, status }) => ({
          attack: [...ancestorTitles, title].join(' > '),
          file: name.slice(this.#folder.length + 1),
          defended: status === 'passed',
        }));
    });
  }
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

/** @throws Error with what vitest said when it wrote none. */
function readReport(file: string, errors: string): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    throw new Error(`vitest wrote no report: ${errors.slice(-2_000)}`);
  }
}
