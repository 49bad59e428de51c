import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { GROUPS, SETS } from '../../bench/groups.js';

const run = fileURLToPath(new URL('../../bench/run.js', import.meta.url));

interface Row {
  readonly job: string;
  readonly ours: number;
  readonly theirs: number;
  readonly ratio: number;
}

/** Groups of a set come by its name. */
const inSets = Object.values(SETS).flat();
const names = [...Object.keys(GROUPS).filter((group) => !inSets.includes(group)), ...Object.keys(SETS)];

/** Of those that are asked for by name, in parts: what is told, with a figure or in words. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  machines: [
    'hold and release a free lock of several machines, p50',
    'an acquisition, 8 contend, 2 ms inside, 8 outside',
    'the same: wait, p99',
    'the same: served before others that had asked earlier, per acquisition',
    "200 wait, 2 ms inside: the engine's CPU",
    "a holder's event loop blocked for four leases",
    'the engine fails over without the grant',
    'a job of a flood of 3,000, 50 at once',
    'round trip of a job, p50',
    'a cancel reaches the running body, p50',
  ],
};

describe('the benchmarks, with tiny numbers', () => {
  it.concurrent.each(names)(
    '%s runs, checks its results, tells ratios',
    { timeout: 100_000 },
    async (name) => {
      const { stdout } = await promisify(execFile)(process.execPath, [run, '--quick', '--json', name]);
      const lines = stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Partial<Row> & { readonly note?: string });
      const told = lines.map(({ job, note = '' }) => job ?? note);
      for (const part of TOLD[name] ?? [])
        expect(
          told.filter((one) => one.startsWith(part)),
          part,
        ).not.toEqual([]);
      const rows = lines.filter((line): line is Row => line.job !== undefined);
      expect(rows).not.toEqual([]);
      for (const row of rows) {
        for (const figure of [row.ours, row.theirs, row.ratio]) {
          expect(figure, row.job).toBeGreaterThan(0);
          expect(figure, row.job).toBeLessThan(Number.POSITIVE_INFINITY);
        }
      }
    },
  );
});
