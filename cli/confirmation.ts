import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/**
 * Asks for a plain yes. Everything else is a no: another word, an empty line, the end of the input, Ctrl-C.
 *
 * @param input @default standard input
 * @param output @default standard error, so that what a command prints can be piped
 */
export async function isConfirmed(
  question: string,
  input: Readable = process.stdin,
  output: Writable = process.stderr,
): Promise<boolean> {
  const terminal = createInterface({ input, output });
  try {
    return await new Promise((resolve) => {
      terminal.once('close', () => resolve(false));
      terminal.question(`${question} [y/N] `, (said) => resolve(/^y(es)?$/i.test(said.trim())));
    });
  } finally {
    terminal.close();
  }
}
