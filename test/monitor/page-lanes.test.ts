import { describe, expect, it } from 'vitest';
import { Lanes } from '../../src/monitor/page/model/lanes.js';
import type { MonitorEvent } from '../../src/monitor/protocol.js';
import type { ThreadInfo } from '../../src/monitor/types.js';
import { thread } from '../browser/support/infos.js';

const NOW = 100_000;
/** As it is from its `since` on. */
const set = (lanes: Lanes, row: ThreadInfo): void => lanes.set(row, row.since);
const stretches = (lanes: Lanes, ident: number) =>
  lanes.of(ident)?.stretches.map(({ at, activity }) => [at, activity]);
const event = (
  time: number,
  ident: number,
  event: MonitorEvent['event'],
  face: MonitorEvent['face'] = null,
) => ({ time, ident, event, primitive: 1, by: null, face }) as const;
const job = (ident: number, since: number, more: Partial<ThreadInfo> = {}): ThreadInfo =>
  thread(ident, `job ${ident}`, { kind: 'job', pool: 'thumbs', nativeId: 77, since, ...more });

describe('a lane', () => {
  it('has what a thread does since when, and what events tell of the time between', () => {
    const lanes = new Lanes();
    set(lanes, thread(4097, 'a', { since: 10 }));
    lanes.event(event(20, 4097, 'wait', 'blocking'));
    lanes.event(event(25, 4097, 'woken', 'blocking'));
    set(lanes, thread(4097, 'a', { activity: 'waiting', since: 40 }));
    // Told late.
    lanes.event(event(30, 4097, 'wait', 'blocking'));
    lanes.event(event(35, 4097, 'woken', 'blocking'));
    expect(stretches(lanes, 4097)).toEqual([
      [10, 'running'],
      [20, 'waiting'],
      [25, 'running'],
      [30, 'waiting'],
      [35, 'running'],
      [40, 'waiting'],
    ]);
  });

  it('has what a thread is seen to do, also if that began before, or if events of it were lost', () => {
    const lanes = new Lanes();
    lanes.set(thread(4096, 'MainThread', { since: 10 }), 20);
    lanes.set(thread(4096, 'MainThread', { activity: 'idle', since: 30 }), 40);
    lanes.set(thread(4096, 'MainThread', { since: 10 }), 50);
    lanes.set(thread(4096, 'MainThread', { activity: 'waiting', since: 60 }), 65);
    // The event that it was woken has not come.
    lanes.set(thread(4096, 'MainThread', { since: 10 }), 70);
    expect(stretches(lanes, 4096)).toEqual([
      [10, 'running'],
      [30, 'idle'],
      [50, 'running'],
      [60, 'waiting'],
      [70, 'running'],
    ]);
    lanes.event(event(68, 4096, 'woken', 'blocking'));
    expect(stretches(lanes, 4096)?.at(-1)).toEqual([68, 'running']);
  });

  it('is not changed by an Observable wait, which does not stop its thread', () => {
    const lanes = new Lanes();
    set(lanes, thread(4096, 'MainThread', { since: 10 }));
    lanes.event(event(20, 4096, 'wait', 'observable'));
    expect(lanes.of(4096)?.stretches).toHaveLength(1);
  });

  it('is of a worker, whatever job it runs, also those that nobody told of', () => {
    const lanes = new Lanes();
    set(lanes, job(4096 + 9, 10));
    set(lanes, job(4096 + 9, 20, { activity: 'stopped' }));
    lanes.event(event(30, 2 * 4096 + 9, 'start'));
    lanes.event(event(40, 2 * 4096 + 9, 'end'));
    set(lanes, job(3 * 4096 + 9, 50));
    lanes.gone(4096 + 9);
    // The row of one that ended before comes once more.
    set(lanes, job(4096 + 12, 5, { activity: 'stopped' }));
    expect(lanes.all(NOW)).toHaveLength(1);
    const [lane] = lanes.all(NOW);
    expect(lane?.thread.ident).toBe(3 * 4096 + 9);
    expect(lane?.stretches.map(({ at }) => at)).toEqual([10, 20, 30, 40, 50]);
  });

  it('forgets what has left it, but for what lasts', () => {
    const lanes = new Lanes();
    set(lanes, thread(4097, 'a', { since: 10 }));
    lanes.event(event(20, 4097, 'wait', 'blocking'));
    lanes.forgetBefore(NOW);
    expect(lanes.of(4097)?.stretches).toEqual([{ at: 20, activity: 'waiting' }]);
  });
});

describe('the lanes', () => {
  it('have main first, and last those that ended a while ago', () => {
    const lanes = new Lanes();
    set(lanes, thread(4097, 'dead', { activity: 'dead', since: NOW - 10_000 }));
    set(lanes, thread(4098, 'just ended', { activity: 'stopped', since: NOW - 1000 }));
    set(lanes, thread(4099, 'lives'));
    set(lanes, thread(4096, 'MainThread', { kind: 'main' }));
    expect(lanes.all(NOW).map((lane) => lane.thread.name)).toEqual([
      'MainThread',
      'just ended',
      'lives',
      'dead',
    ]);
    lanes.gone(4099);
    expect(lanes.all(NOW)).toHaveLength(3);
  });
});
