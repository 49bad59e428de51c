import type { Finding, Inspection } from 'rxjs-threading/monitor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InTrouble, type Trouble } from '../browser/support/in-trouble.js';
import { Top } from '../support/monitor/top.js';

/** More than the two seconds of a machine that nothing else runs on: what it took is shown when a test fails. */
const PATIENCE = 15_000;

/** The findings of a kind, wherever a program can read them; `metric` is theirs. */
async function told(program: InTrouble, top: Top, kind: Finding['kind'], words: RegExp, metric: RegExp) {
  const read = async (route: string): Promise<string> => (await fetch(program.url + route)).text();
  const [inspection, metrics, dump] = await Promise.all([
    read('inspect.json'),
    read('metrics'),
    read('dump.txt'),
  ]);
  const { findings } = JSON.parse(inspection) as Inspection;
  const messages = (all: readonly Finding[]): string[] =>
    all.filter((one) => one.kind === kind).map(({ message }) => message);
  return {
    inspect: messages(findings),
    top: messages(top.now?.findings ?? []),
    metrics: Number(metric.exec(metrics)?.[1]),
    dump: words.test(dump),
  };
}

describe('a program in trouble', () => {
  let program: InTrouble;
  let top: Top;
  beforeEach(async () => {
    program = await InTrouble.start();
    top = new Top(program.url);
  });
  afterEach(() => {
    top.close();
    program.kill();
  });

  it.each<[Trouble & Finding['kind'], RegExp, RegExp]>([
    ['deadlock', /^( \* )?Deadlock: /m, /^rxjs_threading_deadlocks\{certainty="certain"\} (\d+)$/m],
    ['abandoned', /'orders' is abandoned/, /^rxjs_threading_abandoned_locks (\d+)$/m],
    ['starvation', /^( \* )?mail starves/m, /^rxjs_threading_pool_starved\{pool="mail"\} (\d+)$/m],
  ])('tells of its %s everywhere, while it lasts', async (kind, words, metric) => {
    const all = {
      inspect: [expect.stringMatching(words)],
      top: [expect.stringMatching(words)],
      metrics: 1,
      dump: true,
    };
    const now = () => told(program, top, kind, words, metric);
    await program.begin(kind);
    await expect.poll(now, { timeout: PATIENCE }).toEqual(all);
    const events = () => top.events.filter(({ event }) => event === 'finding');
    await expect.poll(events, { timeout: PATIENCE }).toHaveLength(1);
    expect(top.now?.threads.map(({ ident }) => ident)).toContain(events()[0]?.ident);
    await program.end(kind);
    const none = { inspect: [], top: [], dump: false };
    await expect.poll(now, { timeout: PATIENCE }).toMatchObject(none);
    expect((await now()).metrics || 0).toBe(0);
  });

  it('tells how much is waited for a contended lock', async () => {
    await program.begin('contention');
    const contended = () => top.now?.primitives.find(({ name }) => name === 'shared')?.contention;
    await expect.poll(() => contended()?.contended, { timeout: PATIENCE }).toBeGreaterThan(50);
    const metrics = await (await fetch(`${program.url}metrics`)).text();
    const counted = /^rxjs_threading_lock_contended_total\{lock="shared",kind="Lock"\} (\d+)$/m.exec(metrics);
    expect(Number(counted?.[1])).toBeGreaterThan(50);
    const sum = /^rxjs_threading_lock_wait_seconds_sum\{lock="shared",kind="Lock"\} ([\d.]+)$/m.exec(metrics);
    expect(Number(sum?.[1])).toBeGreaterThan(0.05);
    await program.end('contention');
    await expect
      .poll(() => top.now?.waits.filter(({ name }) => name === 'shared'), { timeout: PATIENCE })
      .toEqual([]);
  });

  it('tells of a deadlock that its main thread is in', async () => {
    program.blockMain();
    const metric = /^rxjs_threading_deadlocks\{certainty="certain"\} (\d+)$/m;
    const pattern = /^( \* )?Deadlock: .*'MainThread'/m;
    const words = [expect.stringMatching(pattern)];
    await expect
      .poll(() => told(program, top, 'deadlock', pattern, metric), { timeout: PATIENCE })
      .toEqual({ inspect: words, top: words, metrics: 1, dump: true });
  });
});
