import { crc32 } from 'node:zlib';

/** A zip file with one uncompressed member: enough for a Lambda function's code, without a library. */
export function storedZip(fileName: string, text: string): Uint8Array {
  const name = Buffer.from(fileName);
  const data = Buffer.from(text);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt32LE(crc32(data), 10);
  common.writeUInt32LE(data.length, 14);
  common.writeUInt32LE(data.length, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, name, data]);
  const madeBy = Buffer.from([20, 0]);
  const attributes = Buffer.alloc(14);
  const central = Buffer.concat([Buffer.from('PK\u0001\u0002'), madeBy, common, attributes, name]);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}
