import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import { InterlockError } from '../functions/platform/errors.ts';

/** Whether somebody can be asked. */
export function isInteractive(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/**
 * Ends a command with wrong usage, before it reads anything, where somebody would have to be asked and nobody is there.
 *
 * @param look The command that shows what would be approved.
 */
export function mustBeAskable(command: Command, yes: true | undefined, look: string): void {
  if (yes === true || isInteractive()) return;
  command.error(`there is no terminal to ask on; look with \`${look}\`, then approve with --yes`, {
    exitCode: 2,
  });
}

/** Asks unless `--yes` was given. @throws InterlockError `cli.not-confirmed` for everything but a plain yes. */
export async function mustBeConfirmed(yes: true | undefined, question: string): Promise<void> {
  if (yes === true || (await isConfirmed(question))) return;
  throw new InterlockError('cli.not-confirmed', 'nothing was decided: it was not confirmed');
}

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
