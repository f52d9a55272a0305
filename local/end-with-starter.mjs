/**
 * Preloaded (`node --import`) into programs of others that the local mode starts as leaders of a process group
 * with a pipe as standard input: when the starter goes away, however that happened, the pipe closes and the
 * whole group ends.
 */
const end = () => process.kill(-process.pid, 'SIGKILL');
process.stdin.once('end', end).once('error', end).resume();
process.stdin.unref?.();
