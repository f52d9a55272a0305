import { fileURLToPath } from 'node:url';

/** Top folder of the source tree, wherever the process was started. */
export const treeRoot = fileURLToPath(new URL('../../', import.meta.url));
