#!/usr/bin/env node
// Plain JavaScript for whatever Node the shell has: hands over to the pinned Node 24, which runs TypeScript.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const node = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
if (!existsSync(node)) {
  console.error('interlock: packages are not installed; run `npm start` (or `npm ci`) in this folder first');
  process.exit(1);
}
const main = fileURLToPath(new URL('main.ts', import.meta.url));
const { status, signal } = spawnSync(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(signal === null ? (status ?? 1) : 130);
