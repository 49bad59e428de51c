import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { load, store } from '../../../src/primitives/memory/word.js';
import { claimSlot } from '../../../src/primitives/threads/claim-slot.js';
import { hasDied, isAlive } from '../../../src/primitives/threads/liveness.js';
import {
  BLOCKED,
  NATIVE,
  PRIMITIVE,
  PROBED,
  RUNNING,
  SLOTS,
  STARTER_NATIVE,
  STARTER_WORKER,
  STATE,
  slotOf,
  stateWord,
  table,
  WORKER,
} from '../../../src/primitives/threads/table.js';
import { markDied } from '../../../src/primitives/threads/thread-slots.js';
import { waits } from '../../../src/primitives/threads/wait-graph.js';
import { block, unblock } from '../../../src/primitives/threads/wait-record.js';

/** The kernel's id of a thread that is no more. */
const GONE = spawnSync(process.execPath, ['-e', '']).pid;
const claimed: number[] = [];
const claim = (): number => {
  const ident = claimSlot('test', 0);
  claimed.push(ident);
  return ident;
};

/** As its worker's death leaves it, when nobody heard of that. */
function runAndDie(ident: number): void {
  store(table, slotOf(ident) + WORKER, 99);
  store(table, slotOf(ident) + NATIVE, GONE);
  store(table, slotOf(ident) + STATE, stateWord(ident, RUNNING));
}

/** As its starter's death leaves it. */
function orphan(ident: number): void {
  store(table, slotOf(ident) + STARTER_WORKER, 99);
  store(table, slotOf(ident) + STARTER_NATIVE, GONE);
}

/** The library takes the clock as it loads. */
const clock = vi.hoisted(() => {
  const moved: { ms: number | undefined } = { ms: undefined };
  const { hrtime } = process;
  const read = (): [number, number] =>
    moved.ms === undefined ? hrtime() : [Math.floor(moved.ms / 1000), (moved.ms % 1000) * 1e6];
  process.hrtime = Object.assign(read, { bigint: hrtime.bigint });
  return moved;
});

afterEach(() => {
  clock.ms = undefined;
  for (const ident of claimed.splice(0)) markDied(ident);
});

describe('a slot', () => {
  it('of a queued thread is as dead as the starter', () => {
    const ident = claim();
    expect(isAlive(ident)).toBe(true);
    orphan(ident);
    expect(isAlive(ident)).toBe(false);
    expect(hasDied(ident)).toBe(true);
  });

  it.each([
    ['of dead threads that nobody looked at', runAndDie],
    ['of queued threads whose starter is dead', orphan],
    [
      'that a starter was filling when it was killed',
      (ident: number) => store(table, slotOf(ident) + STATE, -GONE),
    ],
  ])('%s is claimed again when all are taken', (_, leave) => {
    for (let slots = 1; slots < SLOTS; slots++) claim();
    expect(claim).toThrow(`${SLOTS - 1} are alive`);
    for (const ident of claimed.slice(0, 2)) leave(ident);
    expect([claim(), claim()].map(isAlive)).toEqual([true, true]);
    expect(claim).toThrow(`${SLOTS - 1} are alive`);
  });
});

describe('a death is noticed', () => {
  const DAY = 24 * 3600 * 1000;
  const ages = [0, 1, 24.8, 24.9, 25, 30, 49.7, 49.8, 60].map((days) => Math.round(days * DAY));
  it.each(ages.flatMap((set) => ages.map((since) => [set, since] as const)))(
    'with the clock at %d ms, and the last look %d ms before',
    (set, since) => {
      const ident = claim();
      clock.ms = set + 1000;
      expect(isAlive(ident)).toBe(true);
      store(table, slotOf(ident) + WORKER, 99);
      store(table, slotOf(ident) + NATIVE, process.pid);
      store(table, slotOf(ident) + STATE, stateWord(ident, RUNNING));
      expect(isAlive(ident)).toBe(true);
      expect(load(table, slotOf(ident) + PROBED)).not.toBe(0);
      runAndDie(ident);
      clock.ms = set + 1000 + since + 50;
      expect(isAlive(ident)).toBe(false);
    },
  );

  it.each(ages)('and when a wait began, with the clock at %d ms', (set) => {
    clock.ms = set + 1000;
    block({ id: 7, name: 'waited for', owner: null }, set + 1000.9, set + 2000.2);
    clock.ms = set + 60 * DAY;
    const [wait] = waits().filter(({ primitive }) => primitive === 7);
    unblock(0);
    expect([wait?.since, wait?.until]).toEqual([set + 1000, set + 2001]);
  });

  it('and the thread that gets its slot does not wait for what the dead one did', () => {
    const ident = claim();
    store(table, slotOf(ident) + BLOCKED + PRIMITIVE, 7);
    runAndDie(ident);
    for (let slots = 1; slots < SLOTS; slots++) claim();
    expect(waits()).toEqual([]);
  });

  it('with the clock of this machine', () => {
    const ident = claim();
    runAndDie(ident);
    expect(isAlive(ident)).toBe(false);
  });
});
