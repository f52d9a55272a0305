import { crc32 } from 'node:zlib';
import { build } from 'esbuild';

/** Bundles one entry for Lambda and packs it as a zip (stored, not compressed) with the single file `index.js`. */
export async function bundleZip(source: string): Promise<Buffer> {
  const bundle = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    write: false,
    logLevel: 'error',
  });
  return zip('index.js', Buffer.from(bundle.outputFiles[0]?.contents ?? []));
}

/** APPNOTE.TXT 4.3: local header, data, central directory, end record; method 0. */
function zip(name: string, data: Buffer): Buffer {
  const fileName = Buffer.from(name);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt32LE(crc32(data), 10);
  common.writeUInt32LE(data.length, 14);
  common.writeUInt32LE(data.length, 18);
  common.writeUInt16LE(fileName.length, 22);
  const local = Buffer.concat([signature(0x04034b50), common, fileName, data]);
  const entry = Buffer.concat([
    signature(0x02014b50),
    Buffer.from([20, 0]),
    common,
    Buffer.alloc(14),
    fileName,
  ]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(entry.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, entry, signature(0x06054b50), end]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
