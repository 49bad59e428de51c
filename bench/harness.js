import { fork } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Tiny numbers: shows that everything runs, says nothing about speed. */
export const quick = process.argv.includes('--quick');

/** One JSON object a line instead of the table. */
export const json = process.argv.includes('--json');

/** `n`, or a hundredth of it for a quick run. */
export function scaled(n) {
  return quick ? Math.max(2, Math.ceil(n / 100)) : n;
}

/** Wall time of `run` in ms. */
export async function timed(run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** As `timed`, without waiting for a promise. */
export function timedSync(run) {
  const start = performance.now();
  run();
  return performance.now() - start;
}

/**
 * Runs the contenders in turn, A, B, A, B…, after one round that does not count, and returns the median of what each
 * measured. Each returns its own figure (a time, say), so that what it prepares is not timed.
 *
 * @param collect - collects garbage before each: for contenders that leave much, as the heap is cold after it
 */
export async function interleave(contenders, { rounds = 9, warmUp = true, collect = false } = {}) {
  const figures = new Map(Object.keys(contenders).map((name) => [name, []]));
  for (let round = warmUp && !quick ? -1 : 0; round < (quick ? 1 : rounds); round++) {
    for (const [name, contender] of Object.entries(contenders)) {
      if (collect) collectGarbage();
      const figure = await contender();
      if (round >= 0) figures.get(name).push(figure);
    }
  }
  return Object.fromEntries([...figures].map(([name, all]) => [name, median(all)]));
}

export function median(figures) {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

setFlagsFromString('--expose-gc');
export const collectGarbage = runInNewContext('gc');

/** @throws when a contender has not done its job: then its time means nothing. */
export function checkEqual(what, found, expected) {
  if (found !== expected) throw new Error(`${what}: found ${found}, expected ${expected}`);
}

/**
 * One row of the table.
 *
 * @param job - what is done
 * @param ours - the figure of this library
 * @param against - the peer, or the bare machine operation
 * @param theirs - its figure
 * @param reach - the highest ratio that is meant; undefined: for comparison only
 * @param unit - of the figures: 'ms' or 'bytes'
 */
export function row(job, ours, against, theirs, reach, unit = 'ms') {
  emit({ job, ours, against, theirs, ratio: ours / theirs, reach, unit });
}

/** As `row`, where the figures may differ by `most` ms. */
export function difference(job, ours, against, theirs, most) {
  emit({ job, ours, against, theirs, ratio: ours / theirs, most, unit: 'ms' });
}

/** One plain line instead of a row. */
export function note(text) {
  emit({ note: text });
}

function emit(line) {
  if (process.send === undefined) print(line);
  else process.send(line);
}

/** Runs a group in a process of its own, so that it starts from the same state whatever ran before. */
export async function runGroup(file) {
  const child = fork(file, process.argv.slice(2));
  const lines = [];
  child.on('message', (line) => {
    lines.push(line);
    print(line);
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`${file.pathname} ended with exit code ${code}`);
  return lines;
}

const WIDTHS = [50, 11, 34, 11, 9, 9];

export function printHead(title) {
  if (json) return;
  console.log(title);
  printCells(['job', 'ours', 'against', 'theirs', 'ratio', 'reach']);
  console.log(WIDTHS.map((width) => '-'.repeat(width)).join('  '));
}

function print(line) {
  if (json) {
    console.log(JSON.stringify(line));
    return;
  }
  if (line.note !== undefined) {
    console.log(line.note);
    return;
  }
  const { job, ours, against, theirs, ratio, reach, most, unit } = line;
  const limit = most !== undefined ? `+${most} ms` : reach !== undefined ? `<= ${reach}` : '';
  const verdict = limit === '' || quick ? '' : isMissed(line) ? 'miss' : 'ok';
  printCells([job, show(ours, unit), against, show(theirs, unit), ratio.toFixed(3), limit], verdict);
}

/** Whether a line is a row past its reach. */
export function isMissed({ ours, theirs, ratio, reach, most }) {
  return most !== undefined ? ours - theirs > most : ratio > reach;
}

function printCells(cells, verdict = '') {
  const padded = cells.map((cell, at) =>
    at === 0 || at === 2 ? cell.padEnd(WIDTHS[at]) : cell.padStart(WIDTHS[at]),
  );
  console.log(`${padded.join('  ')}  ${verdict}`.trimEnd());
}

function show(figure, unit) {
  if (unit === 'bytes') return `${figure.toFixed(0)} B`;
  if (figure >= 1) return `${figure.toFixed(figure < 10 ? 2 : 1)} ms`;
  if (figure >= 1e-3) return `${(figure * 1e3).toFixed(2)} us`;
  return `${(figure * 1e6).toFixed(1)} ns`;
}
