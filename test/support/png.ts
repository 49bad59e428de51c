import { crc32, inflateSync } from 'node:zlib';

export interface Decoded {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue, a byte each. */
  readonly pixels: Buffer;
}

/** Reads a PNG of 8-bit RGB without filters. @throws Error when anything of it is missing or damaged */
export function decodePng(file: Buffer): Decoded {
  if (file.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') throw new Error('no PNG');
  const chunks: { type: string; data: Buffer }[] = [];
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const named = file.subarray(at + 4, at + 8 + length);
    if (crc32(named) !== file.readUInt32BE(at + 8 + length)) throw new Error('a chunk is damaged');
    chunks.push({ type: named.toString('latin1', 0, 4), data: named.subarray(4) });
    at += 12 + length;
  }
  if (chunks.at(-1)?.type !== 'IEND') throw new Error('cut off');
  const header = chunks[0]!.data;
  if (header.toString('hex', 8) !== '0802000000') throw new Error('not 8-bit RGB');
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const data = chunks.filter(({ type }) => type === 'IDAT').map((chunk) => chunk.data);
  const rows = inflateSync(Buffer.concat(data));
  if (rows.length !== (width * 3 + 1) * height) throw new Error(`${rows.length} bytes of rows`);
  const pixels: Buffer[] = [];
  for (let at = 0; at < rows.length; at += width * 3 + 1) {
    if (rows[at] !== 0) throw new Error('a row is filtered');
    pixels.push(rows.subarray(at + 1, at + 1 + width * 3));
  }
  return { width, height, pixels: Buffer.concat(pixels) };
}
