import { filter, firstValueFrom } from 'rxjs';
import { Event, RLock, Thread, ThreadPool, threadModule, toHandle } from 'rxjs-threading';
import { type Inspection, inspect$ } from 'rxjs-threading/monitor';
import { describe, expect, it } from 'vitest';
import { installed } from '../support/installed.js';

const targets = threadModule<typeof import('../fixtures/two-copies.js')>(
  new URL('../fixtures/two-copies.js', import.meta.url),
);
const dist = new URL('../../dist/index.js', import.meta.url).pathname;
const other = `${installed()}/node_modules/rxjs-threading/dist/index.js`;

/** The first moment in which it is so. */
function moment(isSo: (now: Inspection) => boolean): Promise<Inspection> {
  return firstValueFrom(inspect$().pipe(filter(isSo)));
}

describe('a monitor of a thread in which there are two copies of the package', () => {
  it('tells which jobs wait in the pools of both', async () => {
    const there = (await import(other)) as typeof import('rxjs-threading');
    const pools = [ThreadPool, there.ThreadPool].map((Pool) => new Pool({ maxThreads: 1 }));
    const gate = new Event();
    const wait = (gate: Event) => gate.wait();
    const jobs = pools.map((pool) => {
      return ['runs', 'waits'].map((name) => firstValueFrom(pool.run(wait, [gate], { name })));
    });
    const now = await moment(({ pools: all }) => all.filter(({ next }) => next.length === 1).length === 2);
    expect(now.pools.map(({ next }) => next.map(({ name }) => name))).toEqual([['waits'], ['waits']]);
    gate.set();
    await Promise.all(jobs.flat());
    await Promise.all(pools.map((pool) => pool.close()));
  });

  it('tells the sections of both that wait in it apart', async () => {
    const lock = new RLock();
    const held = lock.holdSync();
    const args = [[dist, other], toHandle(lock)] as const;
    const thread = new Thread({ target: targets.waitsInBoth, args }).start();
    const waiting = ({ waits }: Inspection) =>
      waits.filter(({ ident, section }) => ident === thread.ident && section !== null);
    const sections = waiting(await moment((now) => waiting(now).length === 2)).map(({ section }) => section);
    expect(new Set(sections).size).toBe(2);
    held.release();
    await thread.result();
  });
});
