import type { Condition } from '../../../src/primitives/condition.js';
import type { Lock } from '../../../src/primitives/lock.js';
import { VALUE } from '../../../src/primitives/memory/layout.js';
import type { Cells } from '../../../src/primitives/memory/word.js';
import type { RLock } from '../../../src/primitives/rlock.js';
import { EMPTY, WAITING } from '../../../src/primitives/waiting/waiter-list.js';
import type { Asked } from './explores.js';
import { type Face, observable, once, subscribe } from './faces.js';
import type { End, Me, Program } from './scenario.js';
import { FIRST_IDENT } from './simulated-modules.js';

export interface Shared {
  readonly lock: Lock | RLock;
  readonly condition: Condition;
  /** How many have begun to wait; changed with the lock held. */
  readonly came: Cells;
}

/** Takes the lock, waits once, and has the lock again. */
export const waiter = once((face: Face, timeout?: number): Program<Shared> => {
  return ({ lock, condition, came }, me, { add }) => {
    const reject = told(me);
    const resolve = (notified: unknown): void => {
      me.note(notified ? 'notified' : 'timed out');
      hold(lock, me);
    };
    const wait = (): void => {
      me.note(`came ${add(came, 0, 1)}`);
      face.wait(me, condition, { resolve, reject }, timeout === undefined ? {} : { timeout });
    };
    face.acquire(me, lock, { resolve: wait, reject });
  };
});

/** Waits with the lock held twice, and has it twice again. */
export function nester(face: Face): Program<Shared> {
  return ({ lock, condition, came }, me, { add }) => {
    const reject = told(me);
    const resolve = (): void => {
      const { count } = lock as RLock;
      if (count !== 2) me.fail(`held ${count} times after the wait, not 2`);
      me.note('notified');
      lock.release();
      hold(lock, me);
    };
    const wait = (): void => {
      me.note(`came ${add(came, 0, 1)}`);
      face.wait(me, condition, { resolve, reject });
    };
    const again = (): void => face.acquire(me, lock, { resolve: wait, reject });
    face.acquire(me, lock, { resolve: again, reject });
  };
}

/** Waits, and may be unsubscribed at any time. */
export const leaver: Program<Shared> = ({ lock, condition, came }, me, { add }) => {
  const reject = told(me);
  const resolve = (): void => {
    me.note('notified');
    hold(lock, me);
  };
  const wait = (): void => {
    me.note(`came ${add(came, 0, 1)}`);
    const leave = subscribe(me, condition.wait(), { resolve, reject });
    me.whenever('unsubscribes', leave);
  };
  observable.acquire(me, lock, { resolve: wait, reject });
};

/** Waits for a while, and gives back what it has then: somebody else may release its lock at any time. */
export function robbed(face: Face): Program<Shared> {
  return ({ lock, condition }, me) => {
    const misused = (error: unknown): void => {
      const { code } = error as { code?: string };
      if (code !== 'ERR_NOT_OWNER' && code !== 'ERR_NOT_LOCKED') me.fail(`${error}`);
      me.note('robbed');
    };
    const giveBack = (): void => {
      if (!released(lock)) me.note('robbed');
    };
    const wait = (): void =>
      face.wait(me, condition, { resolve: giveBack, reject: misused }, { timeout: 30 });
    face.acquire(me, lock, { resolve: wait, reject: told(me) });
  };
}

/** Any thread may release a Lock. */
export const robber: Program<Shared> = ({ lock }, me) => {
  me.note(released(lock) ? 'took it' : 'found it free');
};

/** false when it was not locked. */
function released(lock: Lock | RLock): boolean {
  try {
    lock.release();
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_NOT_LOCKED') throw error;
    return false;
  }
}

/** No slot is left behind, and the lock is free. */
export function nothingLeft(end: End, shared: Shared): string | undefined {
  if ((end.word(shared.lock.cells, 0) & VALUE) !== 0) return 'the lock was not given back';
  if (end.word(shared.condition.slots.table, 8) !== 0) return 'a slot was not given back';
  const [mine, other] = end.notes;
  return other?.includes('took it') === mine?.includes('robbed') ? undefined : `${mine}, ${other}`;
}

/** Notifies `n` with the lock held; told that its owner died, it takes it again. */
export const notifier = once((face: Face, n: number): Program<Shared> => {
  return ({ lock, condition, came }, me, { load }) => {
    const resolve = (): void => {
      me.note(`saw ${load(came, 0)}`);
      condition.notify(n);
      hold(lock, me);
    };
    const take = (): void => face.acquire(me, lock, { resolve, reject: take });
    take();
  };
});

export function hold(lock: Lock | RLock, me: Me): void {
  me.enter('held');
  me.exit('held');
  lock.release();
}

export function told(me: Me): (error: unknown) => void {
  return (error) => {
    if ((error as Error).name !== 'OwnerDiedError') me.fail(`${error}`);
    me.note('told');
  };
}

export const numberIn = (notes: readonly string[], what: string): number =>
  Number(notes.find((note) => note.startsWith(what))?.slice(what.length) ?? Number.NaN);

/** Of those that had come before the notification, exactly min(n, waiting) were notified, longest first. */
export function exactly(n: number): (end: End, shared: Shared) => string | undefined {
  return (end, shared) => {
    const { notes } = end;
    const saw = Math.max(...notes.map((of) => numberIn(of, 'saw ')).filter((of) => !Number.isNaN(of)));
    for (const [thread, of] of notes.entries()) {
      const place = numberIn(of, 'came ');
      if (Number.isNaN(place)) continue;
      const due = place < Math.min(n, saw);
      if (due !== of.includes('notified'))
        return `T${thread + 1} came ${place} of ${saw}, notify(${n}): ${of}`;
    }
    return slotsAgree(end, shared);
  };
}

/** Where in an arena slots may be. */
export function placesOf({ length }: Cells): number[] {
  return Array.from({ length: length / 8 - 1 }, (_, slot) => (slot + 1) * 8);
}

/** Nobody hangs but those that wait in a slot; the others have given theirs back. */
export function slotsAgree({ stuck, word, killed }: End, { condition }: Shared): string | undefined {
  const { table } = condition.slots;
  // Of whichever range: a thread may have died with one.
  const slots = placesOf(table).filter((at) => word(table, at) !== 0 && word(table, at + 1) !== killed + 1);
  const waiting = slots.filter((at) => word(table, at) === WAITING);
  if (slots.length > waiting.length) return 'a slot was not given back';
  return waiting.length < stuck.length
    ? `${stuck.length} hang, ${waiting.length} of them in a slot`
    : undefined;
}

/** One notification tells one; who died with the lock again in hand may have been the one, and others were told of that. */
export function noneTwice(end: End, shared: Shared): string | undefined {
  const notified = end.notes.filter((of) => of.includes('notified')).length;
  return notified > 1 ? `notify(1), ${notified} notified` : slotsAgree(end, shared);
}

/** Of two that had come before notify(1) one is told, the other not; of one, that one, unless it had left. */
export function noneLost(end: End, shared: Shared): string | undefined {
  const { notes, word, killed } = end;
  const { lock } = shared;
  const saw = Math.max(-1, ...notes.map((of) => numberIn(of, 'saw ')).filter((of) => !Number.isNaN(of)));
  // One that is told that the lock's owner died has been notified before.
  const notified = notes.filter(
    (of) => of.includes('notified') || (of.includes('told') && of[0]?.startsWith('came')),
  ).length;
  // It may have gone to one that died with the lock again in hand; and whoever notifies may die before it does.
  const diedHolding = killed !== -1 && (word(lock.cells, 0) & VALUE) === killed + 1;
  const unsaid = notes[killed]?.some((note) => note.startsWith('saw')) === true;
  const least = saw === 2 && !diedHolding && !unsaid ? 1 : 0;
  if (saw >= 0 && (notified > 1 || notified < least)) return `${saw} waited, notify(1), ${notified} notified`;
  return slotsAgree(end, shared);
}

/** For `passedOn`: whether a thread's wait was over when it died, with nothing left that others have to make up for. */
export function wasOver(thread: number, word: End['word'], { condition }: Shared): number {
  const { table } = condition.slots;
  const own = placesOf(table).filter((at) => word(table, at + 1) === thread + FIRST_IDENT);
  return own.length > 0 && own.every((at) => word(table, at) === EMPTY) ? 1 : 0;
}

/** Of those that had come before notify(1) one is told and no more; it may have been a dead one, that had the lock again. */
export function passedOn({ notes, word, dead, diedWith }: End, { lock }: Shared): string | undefined {
  const all = `notes: ${notes.join('; ')}`;
  const notified = notes.filter((of) => of.includes('notified')).length;
  if (notified > 1) return `${notified} were told; ${all}`;
  const holder = (word(lock.cells, 0) & VALUE) - FIRST_IDENT;
  const diedHolding = notes.flat().includes('told') || dead.includes(holder);
  // It may have found that the lock's owner had died, and released the lock; or have died before it notified.
  const unsaid = dead.some(
    (thread) => diedWith(thread) === 1 || notes[thread]?.some((of) => of.startsWith('saw')),
  );
  const saw = Math.max(-1, ...notes.map((of) => numberIn(of, 'saw ')).filter((of) => !Number.isNaN(of)));
  const waiting = notes.filter((of, thread) => numberIn(of, 'came ') < saw && !dead.includes(thread));
  return notified === 1 || diedHolding || unsaid || waiting.length === 0
    ? undefined
    : `of ${saw} who waited none was told; ${all}`;
}

export function waits(threads: Program<Shared>[], more: Partial<Asked<Shared>> = {}): Asked<Shared> {
  return {
    shared: ({ Lock, Condition, allocate }) => {
      const lock = new Lock();
      const condition = new Condition(lock);
      condition.slots.sweep(() => {});
      return { lock, condition, came: allocate(1) };
    },
    threads,
    regions: { held: 1 },
    mayStick: true,
    ...more,
  };
}

/** All wait, the last notifies one of them, and one is killed. */
export function killed(faces: Face[], victim: number, preemptions?: number): Asked<Shared> {
  const waiters = faces.slice(0, -1).map((face) => waiter(face));
  const bound = preemptions === undefined ? {} : { preemptions };
  return waits([...waiters, notifier(faces.at(-1)!, 1)], { victim, atEnd: noneLost, ...bound });
}

/** The same over an RLock. */
export function waitsNested(threads: Program<Shared>[], more: Partial<Asked<Shared>> = {}): Asked<Shared> {
  return waits(threads, {
    shared: ({ RLock, Condition, allocate }) => {
      const lock = new RLock();
      const condition = new Condition(lock);
      condition.slots.sweep(() => {});
      return { lock, condition, came: allocate(1) };
    },
    ...more,
  });
}
