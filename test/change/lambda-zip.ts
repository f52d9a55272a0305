import { build } from 'esbuild';
import { storedZip } from '../platform/stored-zip.ts';

/** Bundles one entry for Lambda and packs it as a zip (stored, not compressed) with the single file `index.js`. */
export async function bundleZip(source: string): Promise<Uint8Array> {
  const bundle = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    write: false,
    logLevel: 'error',
  });
  return storedZip('index.js', bundle.outputFiles[0]?.text ?? '');
}
