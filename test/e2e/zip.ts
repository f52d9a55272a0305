import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A zip archive of one file, as Lambda takes code; written by Python, which every machine that runs us has. */
export async function zipOf(name: string, text: string): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'interlock-zip-'));
  try {
    await writeFile(join(folder, name), text);
    await promisify(execFile)('python3', ['-m', 'zipfile', '-c', 'code.zip', name], { cwd: folder });
    return await readFile(join(folder, 'code.zip'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
