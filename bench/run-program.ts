import { spawn } from 'node:child_process';

/**
 * Milliseconds until the output first matched, and until the program ended well.
 *
 * @throws Error when it ended otherwise: then there is nothing to report.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  cwd: string,
  awaited = /$^/,
): Promise<{ seenMs: number; endedMs: number }> {
  const startedAt = performance.now();
  let seenMs = Number.NaN;
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (Number.isNaN(seenMs) && awaited.test(text)) seenMs = performance.now() - startedAt;
    });
  }
  const code = await new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
  return { seenMs, endedMs: performance.now() - startedAt };
}
