import { describe } from 'vitest';
import type { Condition } from '../../src/primitives/condition.js';
import type { Lock } from '../../src/primitives/lock.js';
import { VALUE } from '../../src/primitives/memory/layout.js';
import type { Cells } from '../../src/primitives/memory/word.js';
import type { RLock } from '../../src/primitives/rlock.js';
import { WAITING } from '../../src/primitives/waiting/waiter-list.js';
import { type Asked, explores, finds } from '../support/explorer/explores.js';
import {
  blocking,
  type Face,
  mixes,
  observable,
  pairs,
  subscribe,
  titleOf,
} from '../support/explorer/faces.js';
import type { End, Me, Program } from '../support/explorer/scenario.js';

interface Shared {
  readonly lock: Lock | RLock;
  readonly condition: Condition;
  /** How many have begun to wait; changed with the lock held. */
  readonly came: Cells;
}

/** Takes the lock, waits once, and has the lock again. */
function waiter(face: Face, timeout?: number): Program<Shared> {
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
}

/** Waits with the lock held twice, and has it twice again. */
function nester(face: Face): Program<Shared> {
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
const leaver: Program<Shared> = ({ lock, condition, came }, me, { add }) => {
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
function robbed(face: Face): Program<Shared> {
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
const robber: Program<Shared> = ({ lock }, me) => {
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
function nothingLeft(end: End, shared: Shared): string | undefined {
  if ((end.word(shared.lock.cells, 0) & VALUE) !== 0) return 'the lock was not given back';
  if (end.word(shared.condition.slots.table, 8) !== 0) return 'a slot was not given back';
  const [mine, other] = end.notes;
  return other?.includes('took it') === mine?.includes('robbed') ? undefined : `${mine}, ${other}`;
}

/** Notifies `n` with the lock held; told that its owner died, it takes it again. */
function notifier(face: Face, n: number): Program<Shared> {
  return ({ lock, condition, came }, me, { load }) => {
    const resolve = (): void => {
      me.note(`saw ${load(came, 0)}`);
      condition.notify(n);
      hold(lock, me);
    };
    const take = (): void => face.acquire(me, lock, { resolve, reject: take });
    take();
  };
}

function hold(lock: Lock | RLock, me: Me): void {
  me.enter('held');
  me.exit('held');
  lock.release();
}

function told(me: Me): (error: unknown) => void {
  return (error) => {
    if ((error as Error).name !== 'OwnerDiedError') me.fail(`${error}`);
    me.note('told');
  };
}

const numberIn = (notes: readonly string[], what: string): number =>
  Number(notes.find((note) => note.startsWith(what))?.slice(what.length) ?? Number.NaN);

/** Of those that had come before the notification, exactly min(n, waiting) were notified, longest first. */
function exactly(n: number): (end: End, shared: Shared) => string | undefined {
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

/** Nobody hangs but those that wait in a slot; the others have given theirs back. */
function slotsAgree({ stuck, word, killed }: End, { condition }: Shared): string | undefined {
  const { table } = condition.slots;
  const slots = [8, 16, 24, 32].filter((at) => word(table, at) !== 0 && word(table, at + 1) !== killed + 1);
  const waiting = slots.filter((at) => word(table, at) === WAITING);
  if (slots.length > waiting.length) return 'a slot was not given back';
  return waiting.length < stuck.length
    ? `${stuck.length} hang, ${waiting.length} of them in a slot`
    : undefined;
}

/** Of two that had come before notify(1) one is told, the other not; of one, that one, unless it had left. */
function noneLost(end: End, shared: Shared): string | undefined {
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

function waits(threads: Program<Shared>[], more: Partial<Asked<Shared>> = {}): Asked<Shared> {
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
    apart: 'idle',
    ...more,
  };
}

/** All wait, the last notifies one of them, and one is killed. */
function killed(faces: Face[], victim: number, preemptions?: number): Asked<Shared> {
  const waiters = faces.slice(0, -1).map((face) => waiter(face));
  const bound = preemptions === undefined ? {} : { preemptions };
  return waits([...waiters, notifier(faces.at(-1)!, 1)], { victim, atEnd: noneLost, ...bound });
}

/** The same over an RLock. */
function waitsNested(threads: Program<Shared>[], more: Partial<Asked<Shared>> = {}): Asked<Shared> {
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

describe('every interleaving of 2 threads', () => {
  for (const [one, other] of pairs() as [Face, Face][]) {
    const title = titleOf([one, other]);
    const both = [waiter(one), notifier(other, 1)];
    explores(`one waits, one notifies: ${title}`, waits(both, { atEnd: exactly(1) }));
    explores(
      `one waits with an RLock held twice, one notifies: ${title}`,
      waitsNested([nester(one), notifier(other, 1)], { atEnd: exactly(1) }),
    );
    explores(
      `one waits or gives up, one notifies: ${title}`,
      waits([waiter(one, 30), notifier(other, 1)], { atEnd: noneLost }),
    );
  }
  for (const face of [blocking, observable]) {
    explores(
      `one waits, one releases the lock of that one: ${titleOf([face])}`,
      waits([robbed(face), robber], { atEnd: nothingLeft }),
    );
  }
  explores('one waits and is killed, one notifies: blocking', killed([blocking, blocking], 0));
  explores('one waits, one notifies and is killed: blocking', killed([blocking, blocking], 1));
  explores('one unsubscribes, one notifies', waits([leaver, notifier(blocking, 1)], { atEnd: noneLost }));
});

describe('2 threads, up to 2 preemptions', () => {
  for (const faces of pairs() as [Face, Face][]) {
    const title = titleOf(faces);
    explores(`one waits and is killed, one notifies: ${title}`, killed(faces, 0, 2));
    explores(`one waits, one notifies and is killed: ${title}`, killed(faces, 1, 2));
  }
});

describe('3 threads, up to 1 preemption', () => {
  for (const [one, other] of mixes(2) as [Face, Face][]) {
    const title = titleOf([one, other]);
    for (const n of [1, 2]) {
      const threads = [waiter(one), waiter(other), notifier(n === 1 ? one : other, n)];
      explores(
        `two wait, one notifies ${n}: ${title}`,
        waits(threads, { preemptions: 1, atEnd: exactly(n) }),
      );
    }
    explores(
      `one waits or gives up, one waits, one notifies: ${title}`,
      waits([waiter(one, 30), waiter(other), notifier(blocking, 1)], { preemptions: 1, atEnd: noneLost }),
    );
  }
  explores(
    'one unsubscribes, one waits, one notifies',
    waits([leaver, waiter(blocking), notifier(blocking, 1)], { preemptions: 1, atEnd: noneLost }),
  );
});

describe('3 threads that wait for each other only where they must, one killed', () => {
  for (const faces of mixes(2).slice(0, 2) as [Face, Face][]) {
    const title = titleOf(faces);
    explores(`two wait, the first is killed: ${title}`, killed([...faces, blocking], 0, 0));
    explores(`two wait, the one that notifies is killed: ${title}`, killed([...faces, blocking], 2, 0));
  }
});

const oneOfTwo = waits([waiter(blocking), waiter(blocking), notifier(blocking, 1)], {
  preemptions: 0,
  atEnd: exactly(1),
});

finds(
  'notify wakes the last that came',
  {
    file: 'waiter-list.ts',
    text: 'return load(this.#cells, HEAD);',
    instead: 'return load(this.#cells, TAIL);',
  },
  oneOfTwo,
  /came/,
);
finds(
  'notify tells, but wakes nobody',
  { file: 'waiter-list.ts', text: 'this.#settled.push(slot);', instead: '' },
  oneOfTwo,
  /came/,
);
finds(
  'notify tells agents nothing',
  {
    file: 'condition-waiters.ts',
    text: 'this.#of.wakeFlagged(and(this.#of.cells, WORD, ~FLAGS) & FLAGS, 0);',
    instead: '',
  },
  waits([waiter(observable), notifier(blocking, 1)], { atEnd: exactly(1) }),
  /came/,
);
finds(
  'a notification that a dead one did not read goes to nobody',
  {
    file: 'condition-waiters.ts',
    text: 'for (; lost > 0; lost--) this.#waiters.notify(1);',
    instead: '',
  },
  killed([blocking, blocking, blocking], 0, 0),
  /notified/,
);
finds(
  'one that leaves when it was notified keeps that for itself',
  { file: 'condition-waiters.ts', text: 'this.end();\n    this.#waiters.notify(1);', instead: 'this.end();' },
  waits([leaver, waiter(blocking), notifier(blocking, 1)], { preemptions: 1, atEnd: noneLost }),
  /notified/,
);
finds(
  'one whose lock somebody else has released keeps its slot',
  { file: 'condition-waiters.ts', text: 'this.leave();\n      throw error;', instead: 'throw error;' },
  waits([robbed(blocking), robber], { atEnd: nothingLeft }),
  /slot was not given back/,
);
finds(
  'slots are not rebuilt when one died in the section',
  { file: 'waiter-list.ts', text: 'this.#rebuild();\n        this.#recover();', instead: '' },
  killed([blocking, blocking, blocking], 0, 0),
  /notified|slot|Error/,
);
finds(
  'the depth of an RLock is not restored',
  { file: 'rlock.ts', text: 'extra + depth - 1', instead: '0' },
  waitsNested([nester(blocking), notifier(blocking, 1)], { atEnd: exactly(1) }),
  /held 1 times/,
);
