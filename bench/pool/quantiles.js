import { note, quick, row } from '../harness.js';

/** Of the runs, which come in two modes: both threads on one core of the machine, or on two. One of them says little. */
const SHOWN = [0.1, 0.25, 0.5, 0.75];
const COUNTED = 0.25;

/** Runs the contenders in turn, after one round that does not count, and returns what each measured, sorted. */
export async function runsOf(contenders, rounds) {
  const runs = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = quick ? 0 : -1; round < (quick ? 1 : rounds); round++) {
    for (const [name, contender] of Object.entries(contenders)) {
      const figure = await contender();
      if (round >= 0) runs[name].push(figure);
    }
  }
  for (const all of Object.values(runs)) all.sort((a, b) => a - b);
  return runs;
}

function quantile(sorted, share) {
  return sorted[Math.floor(sorted.length * share)];
}

/** A row of the lower quartiles, and a line of the quantiles of all contenders, in µs and times the first peer's. */
export function rowOf(job, runs, against, reach) {
  const [peer] = Object.keys(runs).filter((name) => name !== 'ours');
  row(job, quantile(runs.ours, COUNTED), against, quantile(runs[peer], COUNTED), reach);
  const shown = Object.entries(runs).map(
    ([name, all]) =>
      `${name} ${SHOWN.map((share) => `${(quantile(all, share) * 1000).toFixed(1)} (${(quantile(all, share) / quantile(runs[peer], share)).toFixed(2)})`).join(' ')}`,
  );
  note(`    p10, p25, p50, p75 in us: ${shown.join('; ')}`);
}
