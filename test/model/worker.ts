/** Explores what it is told to, in a thread of its own. */
import { parentPort } from 'node:worker_threads';
import { runTask, type Task } from './check.ts';

parentPort?.on('message', async (task: Task) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(await runTask(task));
});
