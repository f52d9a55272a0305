import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the clone. Everything the local mode makes stands under it, in ignored folders. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What the local mode writes: logs, the state file, one folder per running stack. */
export const workFolder = join(root, '.interlock');
export const logFolder = join(workFolder, 'logs');

/** Python of the project's own virtual environment, made by `local/setup.mjs`. */
export const venvPython = join(root, '.venv', 'bin', 'python');

/** The region that the emulator plays; the credentials are the emulator's root key, not a secret. */
export const region = 'us-east-1';
export const rootCredentials = { accessKeyId: 'test', secretAccessKey: 'test' } as const;

/** A new folder for what one part of this process keeps on disk while it runs. Only this user can read it. */
export function scratchFolder(name: 'emulator' | 'run'): string {
  mkdirSync(workFolder, { recursive: true });
  return mkdtempSync(join(workFolder, `${name}-${process.pid}-`));
}

/** Deletes what processes that were killed have left behind. */
export function removeAbandonedFolders(isRunning: (pid: number) => boolean): void {
  for (const name of readdirSync(workFolder)) {
    const pid = /^(?:emulator|run)-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid)))
      rmSync(join(workFolder, name), { recursive: true, force: true });
  }
}
