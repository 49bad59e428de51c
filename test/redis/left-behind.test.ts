import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runNode } from '../support/run-node.js';

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it('a test that fails leaves neither processes nor temporary files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'left-behind-'));
  const args = ['run', '--config', 'test/fixtures/redis/left-behind.config.ts'];
  // Not this run's environment, which would take the other for a part of it.
  const under = ['env', '-i', `PATH=${process.env.PATH}`, `TMPDIR=${folder}`];
  const { code, stdout } = await runNode(['node_modules/vitest/vitest.mjs', ...args], { under });
  expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringMatching(/^0 passed, 1 failed$/m) });
  const pids = /started (\d+) (\d+) (\d+)/.exec(stdout)?.slice(1).map(Number) ?? [];
  expect(pids).toHaveLength(3);
  await expect.poll(() => pids.filter(runs), { timeout: 5000 }).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});
