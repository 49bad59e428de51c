import { afterEach, describe, expect, it } from 'vitest';
import { claimSlot, type Starter, starterHere } from '../../../src/primitives/threads/claim-slot.js';
import { getIdent } from '../../../src/primitives/threads/current-ident.js';
import { KeptSlot } from '../../../src/primitives/threads/kept-slot.js';
import { aliveIdents, isAlive } from '../../../src/primitives/threads/liveness.js';
import {
  DAEMON,
  FREE,
  LISTED,
  SENT_ITSELF,
  SLOTS,
  STOPPED,
  slotOf,
} from '../../../src/primitives/threads/table.js';
import { factsOfThread } from '../../../src/primitives/threads/thread-facts.js';
import {
  countHandle,
  flagsOf,
  hasHandles,
  markRunning,
  markStopped,
  nameOf,
  setFlags,
  setName,
  startedHere,
  stateOf,
  withdraw,
} from '../../../src/primitives/threads/thread-slots.js';

const here = starterHere(getIdent());
const kept = new KeptSlot(here);
let last = 0;

/** A thread of the kept slot, which has begun. */
function run(name: string, number: number, flags = 0, slot = kept): number {
  last = slot.claim(name, flags, number);
  slot.show();
  expect(markRunning(last)).toBe(true);
  return last;
}

afterEach(() => markStopped(last));

describe('a worker that keeps its slot', () => {
  it('gives the next thread the next ident of it', () => {
    const one = run('job', 1);
    markStopped(one);
    const two = run('job', 2);
    expect(two).toBe(one + SLOTS);
    expect([stateOf(one), isAlive(one), isAlive(two)]).toEqual([FREE, false, true]);
    expect(aliveIdents()).toContain(two);
    expect(aliveIdents()).not.toContain(one);
  });

  it('takes another after 64 threads', () => {
    const slots: number[] = [];
    const own = new KeptSlot(here);
    for (let job = 1; job <= 129; job++) {
      slots.push(slotOf(run('job', job, 0, own)));
      markStopped(last);
    }
    const changes = slots.flatMap((slot, job) => (job > 0 && slot !== slots[job - 1] ? [job] : []));
    expect(changes).toEqual([64, 128]);
  });

  it('leaves a slot that another has claimed', () => {
    const one = run('job', 1);
    markStopped(one);
    const others: number[] = [];
    while (slotOf(others.at(-1) ?? 0) !== slotOf(one)) {
      others.push(claimSlot('other', 0));
      if (slotOf(others.at(-1) ?? 0) !== slotOf(one)) withdraw(others.at(-1) ?? 0);
    }
    const two = run('job', 2);
    expect(slotOf(two)).not.toBe(slotOf(one));
    expect(nameOf(others.at(-1) ?? 0)).toBe('other');
    expect(withdraw(others.at(-1) ?? 0)).toBe(true);
  });

  it('leaves a slot whose thread is asked for by an object elsewhere', () => {
    const one = run('job', 1);
    countHandle(one, 1);
    markStopped(one);
    const two = run('job', 2);
    expect(slotOf(two)).not.toBe(slotOf(one));
    expect(hasHandles(one)).toBe(true);
    countHandle(one, -1);
    expect(hasHandles(one)).toBe(false);
    expect(hasHandles(two)).toBe(false);
  });

  it('leaves a slot whose thread has sent itself to another, which has no object for it yet', () => {
    const one = run('job', 1);
    setFlags(one, SENT_ITSELF);
    markStopped(one);
    expect(slotOf(run('job', 2))).not.toBe(slotOf(one));
    expect(flagsOf(one)).toBe(SENT_ITSELF);
  });

  it('shows a thread once its job is the worker’s, and gives the ident of one back that was not needed', () => {
    const spare = kept.claim('job', 0, 1);
    expect(aliveIdents()).not.toContain(spare);
    kept.giveBack();
    expect([isAlive(spare), stateOf(spare)]).toEqual([false, STOPPED]);
    const next = kept.claim('other', 0, 2);
    expect(next).toBe(spare + SLOTS);
    expect(aliveIdents()).not.toContain(next);
    kept.show();
    expect(aliveIdents()).toContain(next);
    expect(nameOf(next)).toBe('Thread-2 (other)');
    expect(withdraw(next)).toBe(true);
  });

  it('shows a job of its pool', () => {
    const slot = new KeptSlot(here, 5);
    last = slot.claim('job', 0, 1);
    slot.show();
    expect(factsOfThread(last)).toMatchObject({ state: 'queued', kind: 'job', pool: 5 });
  });

  it('counts as started from whom it was told', () => {
    const elsewhere: Starter = { worker: here.worker + 1000, native: here.native, ident: here.ident };
    expect(startedHere(run('job', 1, 0, new KeptSlot(elsewhere)))).toBe(false);
    markStopped(last);
    expect(startedHere(run('job', 1))).toBe(true);
  });
});

describe('its name', () => {
  it('is the number and the text', () => {
    expect(nameOf(run('job', 7))).toBe('Thread-7 (job)');
    markStopped(last);
    expect(nameOf(run('job', 8, 5))).toBe('Thread-8 (job)');
    expect(flagsOf(last)).toBe(5);
    markStopped(last);
    expect(nameOf(run('other', 9))).toBe('Thread-9 (other)');
    markStopped(last);
    expect(nameOf(run('all of it', 0))).toBe('all of it');
    markStopped(last);
    expect(nameOf(run('all of it', 10))).toBe('Thread-10 (all of it)');
  });

  it('is the next one’s own after a thread was renamed', () => {
    const one = run('job', 1);
    expect(setName(one, 'mine')).toBe(true);
    expect(nameOf(one)).toBe('mine');
    markStopped(one);
    expect(nameOf(one)).toBe('mine');
    expect(nameOf(run('job', 2))).toBe('Thread-2 (job)');
    expect(nameOf(one)).toBe('');
  });

  it('cannot be changed by who knows a thread that has ended', () => {
    const one = run('job', 1);
    markStopped(one);
    expect(setName(one, 'late')).toBe(false);
    const two = run('job', 2);
    expect(setName(one, 'later')).toBe(false);
    expect(nameOf(two)).toBe('Thread-2 (job)');
  });
});

describe('its flags', () => {
  it('are not changed by what is left of a thread that has ended', () => {
    const one = run('job', 1);
    setFlags(one, LISTED);
    expect(flagsOf(one)).toBe(LISTED);
    markStopped(one);
    setFlags(one, 0);
    const two = run('job', 2, DAEMON);
    setFlags(one, LISTED);
    expect([flagsOf(one), flagsOf(two)]).toEqual([0, DAEMON]);
  });
});
