import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { InterlockError } from '../functions/platform/errors.ts';
import { parseJson } from '../functions/platform/parse-json.ts';

const schema = z.strictObject({
  version: z.literal(1),
  issuer: z.url(),
  clientId: z.string().min(1),
  refreshToken: z.string().min(1),
});

/** What stays of a login: enough to get ID tokens from this issuer as this client, and from nobody else. */
export type StoredLogin = Omit<z.output<typeof schema>, 'version'>;

/** The login of one stage, in a file that only its owner may read. It is replaced whole or not at all. */
export class TokenFile {
  readonly path: string;
  readonly #folder: string;

  /**
   * @param folder Where the files of all stages are, see {@link configFolder}.
   * @throws InterlockError `cli.no-stage` for a name that could lead out of the folder.
   */
  constructor(folder: string, stage: string) {
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/i.test(stage)) {
      throw new InterlockError('cli.no-stage', `${JSON.stringify(stage)} is no name of a stage`);
    }
    this.#folder = folder;
    this.path = join(folder, `${stage}.json`);
  }

  /** Nothing where nobody logged in, or where the file is not one of ours. */
  async read(): Promise<StoredLogin | undefined> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    const parsed = schema.safeParse(parseJson(text));
    if (!parsed.success) return undefined;
    const { version: _version, ...login } = parsed.data;
    return login;
  }

  async write(login: StoredLogin): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const draft = `${this.path}.${process.pid}`;
    // A draft that a killed run left behind keeps its mode when it is opened for writing: start afresh.
    await rm(draft, { force: true });
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ version: 1, ...login }, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.path);
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

/** `$XDG_CONFIG_HOME/interlock`, which the specification wants absolute, or `~/.config/interlock`. */
export function configFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const configured = environment['XDG_CONFIG_HOME'] ?? '';
  return join(isAbsolute(configured) ? configured : join(homedir(), '.config'), 'interlock');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
