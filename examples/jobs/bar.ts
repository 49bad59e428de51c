import type { WriteStream } from 'node:tty';
import {
  connect,
  distinctUntilChanged,
  finalize,
  ignoreElements,
  type MonoTypeOperatorFunction,
  map,
  merge,
  sampleTime,
  takeLast,
  tap,
} from 'rxjs';

export interface Progress {
  /** 0 to 1. */
  readonly part: number;
  readonly text: string;
}

/** ms between two pictures of the bar on a terminal, and between two lines elsewhere. */
const TERMINAL_PERIOD = 100;
const LINES_PERIOD = 2000;

/**
 * Shows how far the source is: as a bar in place on a terminal, as a line every so often elsewhere, and at the end once
 * more. Values pass as they come, however many: only those that are drawn are described.
 */
export function showBar<T>(out: WriteStream, describe: (value: T) => Progress): MonoTypeOperatorFunction<T> {
  const period = out.isTTY ? TERMINAL_PERIOD : LINES_PERIOD;
  return connect((values$) => {
    const drawn$ = merge(values$.pipe(sampleTime(period)), values$.pipe(takeLast(1))).pipe(
      map((value) => lineOf(describe(value), out)),
      distinctUntilChanged(),
      tap((line) => out.write(line)),
      finalize(() => out.isTTY && out.write('\n')),
      ignoreElements(),
    );
    return merge(values$, drawn$);
  });
}

function lineOf({ part, text }: Progress, out: WriteStream): string {
  const percent = `${Math.floor(part * 100)}%`.padStart(4);
  if (!out.isTTY) return `${percent} ${text}\n`;
  // A terminal of unknown width has 0.
  const columns = out.columns || 80;
  const width = Math.min(40, columns - text.length - 10);
  const full = Math.round(Math.max(0, width) * part);
  const bar = width < 5 ? '' : `[${'#'.repeat(full)}${'-'.repeat(width - full)}] `;
  // Back to the beginning of the line, and clear what is left of the one before.
  return `\r${`${bar}${percent} ${text}`.slice(0, columns - 1)}\x1b[K`;
}
