// Imported: a test environment with a DOM, such as Jest's, may not have these among its globals.
import { TextDecoder, TextEncoder } from 'node:util';
import { type Cells, peek } from './word.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** Of a text on its way into the cells: more than any place for one has. */
const bytes = new Uint8Array(1024);
const wordsOfBytes = new Int32Array(bytes.buffer);

/** Writes as much of `text` as fits into `words` cells; the first of them counts the bytes. */
export function writeText(cells: Cells, at: number, words: number, text: string): void {
  // By way of memory that is there, as a view of the cells would be made for each text. Keeps a character whole or leaves it out.
  const { written } = encoder.encodeInto(text, bytes.subarray(0, (words - 1) * 4));
  // 0 until all bytes are there: a reader in another thread sees the old name, none, or the new one.
  cells[at] = 0;
  for (let word = 0; word * 4 < written; word++) cells[at + 1 + word] = wordsOfBytes[word] as number;
  cells[at] = written;
}

/** What of a text so many cells hold. */
export function fittingText(words: number, text: string): string {
  const { written } = encoder.encodeInto(text, bytes.subarray(0, (words - 1) * 4));
  return decoder.decode(bytes.subarray(0, written));
}

export function readText(cells: Cells, at: number): string {
  return decoder.decode(new Uint8Array(cells.buffer, (at + 1) * 4, peek(cells, at)).slice());
}
