/**
 * `local/setup.mjs` starts the commands with a pipe as standard input and keeps the other end: when it closes,
 * that process has ended, however it ended, and the command must not outlive it. Started by hand, nothing is
 * watched.
 */
export function endWithStarter(end: () => void): void {
  if (process.env['INTERLOCK_STARTER'] !== 'setup') return;
  process.stdin.once('end', end).once('error', end).resume();
  // The pipe alone must not keep the process alive once its work is done.
  (process.stdin as unknown as { unref?: () => void }).unref?.();
}
