import type { PoolStats } from 'rxjs-threading';
import type { Progress } from './bar.js';
import { ended, type Tally } from './tally.js';

/** What the bar says. @param elapsed - ms */
export function progressOf(tally: Tally, stats: PoolStats, threads: number, elapsed: number): Progress {
  if (ended(tally) === tally.total) return { part: tally.sheet, text: 'of the contact sheet' };
  const rate = ended(tally) / (elapsed / 1000);
  const eta = rate === 0 ? '?' : Math.ceil((tally.total - ended(tally)) / rate);
  const text =
    `${ended(tally)}/${tally.total} ${rate.toFixed(0)}/s ETA ${eta}s busy ${stats.busy}/${threads} ` +
    `queued ${stats.queued} failed ${tally.failures.length} retried ${tally.retried}`;
  return { part: ended(tally) / tally.total, text };
}

/** What is left to say at the end. @param elapsed - ms */
export function summaryOf(tally: Tally, stats: PoolStats, elapsed: number, directory: string): string {
  const { total, done, retried, failures, bytes, sheet } = tally;
  const left = total - ended(tally);
  return [
    `${done} of ${total} jobs done in ${(elapsed / 1000).toFixed(1)} s, ${Math.round(bytes / 1000)} kB written`,
    `${retried} attempts failed and were made again`,
    `${failures.length} jobs failed for good`,
    ...reasonsOf(tally),
    ...(left > 0 ? [`${left} jobs were not done: interrupted`] : []),
    `run time  ${timesOf(stats.runTime)}`,
    `wait time ${timesOf(stats.waitTime)}`,
    `pictures in ${directory}${sheet === 1 ? ', all of them in sheet.png' : ''}`,
  ].join('\n');
}

/** A line for each kind of error, with the first that met it. */
function reasonsOf({ failures }: Tally): string[] {
  const kinds = [...new Set(failures.map(({ error }) => error.name))];
  return kinds.map((kind) => {
    const [first, ...others] = failures.filter(({ error }) => error.name === kind);
    return `  ${others.length + 1} x ${kind}, as frame ${first?.frame}: ${first?.error.message}`;
  });
}

function timesOf({ p50, p99, max }: PoolStats['runTime']): string {
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, longest ${max.toFixed(1)} ms`;
}
