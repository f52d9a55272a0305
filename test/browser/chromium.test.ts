import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findChromium } from './chromium.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interlock-chromium-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function program(name: string, mode = 0o755): string {
  const path = join(folder, name);
  writeFileSync(path, '');
  chmodSync(path, mode);
  return path;
}

it('takes the one that was named, and no other where that one is not there', () => {
  const other = program('chromium');
  const named = program('my-chromium');
  expect(findChromium({ CHROMIUM_PATH: named, PATH: folder })).toBe(named);
  expect(findChromium({ CHROMIUM_PATH: '', PATH: folder })).toBe(other);
  expect(findChromium({ CHROMIUM_PATH: join(folder, 'missing'), PATH: folder })).toBeUndefined();
});

it('takes the first on the path that can be run', () => {
  program('chromium', 0o644);
  const runnable = program('google-chrome');
  expect(findChromium({ PATH: `/nowhere:${folder}` })).toBe(runnable);
  expect(findChromium({ PATH: '/nowhere' })).toBeUndefined();
  expect(findChromium({})).toBeUndefined();
});
