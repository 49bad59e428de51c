import { type Cells, peek } from './word.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Writes as much of `text` as fits into `words` cells; the first of them counts the bytes. */
export function writeText(cells: Cells, at: number, words: number, text: string): void {
  const bytes = encoder.encode(text);
  const room = (words - 1) * 4;
  let length = Math.min(bytes.length, room);
  // A character of several bytes is kept whole or not at all.
  while (length < bytes.length && length > 0 && ((bytes[length] ?? 0) & 0xc0) === 0x80) length--;
  // 0 until all bytes are there: a reader in another thread sees the old name, none, or the new one.
  cells[at] = 0;
  new Uint8Array(cells.buffer, (at + 1) * 4, room).set(bytes.subarray(0, length));
  cells[at] = length;
}

export function readText(cells: Cells, at: number): string {
  return decoder.decode(new Uint8Array(cells.buffer, (at + 1) * 4, peek(cells, at)).slice());
}
