import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { GROUPS } from '../../bench/groups.js';

const run = fileURLToPath(new URL('../../bench/run.js', import.meta.url));

interface Row {
  readonly job: string;
  readonly ours: number;
  readonly theirs: number;
  readonly ratio: number;
}

describe('the benchmarks, with tiny numbers', () => {
  it.concurrent.each(Object.keys(GROUPS))(
    '%s runs, checks its results, tells ratios',
    { timeout: 60_000 },
    async (group) => {
      const { stdout } = await promisify(execFile)(process.execPath, [run, '--quick', '--json', group]);
      const rows = stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Partial<Row>)
        .filter((line): line is Row => line.job !== undefined);
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
