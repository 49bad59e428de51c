import { type FileHandle, open } from 'node:fs/promises';
import { defer, finalize, mergeMap, mergeScan, type Observable, repeat, takeWhile } from 'rxjs';
import type { Semaphore } from 'rxjs-threading';

/** Whole lines of a log. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** Where the next one starts. */
  readonly end: number;
}

/** Bytes of a piece: some tens of ms of parsing, so that what it costs to send and to commit it is small. */
const SIZE = 256 * 1024;
const NEWLINE = 10;

/**
 * The log from the first of `cuts` to its last whole line. No piece goes over one of the `cuts`. Each takes a permit of
 * `room` before it is read, and whoever is done with it gives the permit back: so there are never more pieces in memory.
 */
export function pieces(log: string, cuts: readonly number[], room: Semaphore): Observable<Piece> {
  const start: Piece = { bytes: new Uint8Array(), end: cuts[0] ?? 0 };
  return defer(() => open(log)).pipe(
    mergeMap((file) =>
      room.acquire().pipe(
        repeat(),
        mergeScan(
          ({ end }) =>
            read(
              file,
              end,
              cuts.find((cut) => cut > end),
            ),
          start,
          1,
        ),
        takeWhile(({ bytes }) => bytes.length > 0),
        finalize(() => void file.close()),
      ),
    ),
  );
}

async function read(file: FileHandle, start: number, cut = Number.POSITIVE_INFINITY): Promise<Piece> {
  for (let most = SIZE; ; most *= 2) {
    const size = Math.min(most, cut - start);
    const { buffer, bytesRead } = await file.read(new Uint8Array(size), 0, size, start);
    const length = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1;
    // Copied: with a part of a buffer, all of it would travel to the worker.
    if (length > 0 || bytesRead < most) return { bytes: buffer.slice(0, length), end: start + length };
  }
}
