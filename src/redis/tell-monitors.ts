import { tellWhenAsked } from '../pool/wire/loop-answers.js';
import type { ToldDeadlock, ToldNamespace, ToldShare, ToldThing } from '../pool/wire/told-namespace.js';
import { clock } from '../primitives/threads/table.js';
import type { MachinesSnapshot, SnapshotThing } from './info.js';
import { deadlocksIn } from './machine-deadlocks.js';
import { pause } from './pause.js';
import { isPassing } from './remote-stream.js';
import type { Session } from './session.js';
import { lookAtAll } from './snapshot.js';

/** ms between two looks at the engine while monitors ask. */
const LOOK_EVERY = 300;
/** ms for each hold and wait that there is, if that is more: to tell of one takes the engine some 6 µs, 2 % of that. */
const FOR_EACH = 0.3;
/** ms at most: what is older than a few seconds is no news. */
const LONGEST = 3000;
/** ms after a monitor has asked, until nobody looks any more: they ask once a second. */
const UNASKED = 5000;
/** Things that a monitor is told of. */
const MOST_THINGS = 500;
/** ms by which the distance of the two clocks may seem to change, because answers take their time. */
const JITTER = 100;

const tellers = new Set<Teller>();

/** Called as a Machines connects: until it is closed, monitors of this process are told of its namespace. */
export function tellMonitors(session: Session): void {
  tellWhenAsked('machines', tellAll);
  const teller = new Teller(session);
  tellers.add(teller);
  session.state$.subscribe({ complete: () => tellers.delete(teller) });
}

function tellAll(): ToldNamespace[] {
  return [...tellers].flatMap((teller) => teller.tell() ?? []);
}

/** Looks at the engine while it is asked, so that it knows an answer at once. */
class Teller {
  readonly #session: Session;
  #told: ToldNamespace | undefined;
  #before: MachinesSnapshot | undefined;
  /** Each as it was first seen, so that it stays the same as long as it lasts. */
  #deadlocks: readonly ToldDeadlock[] = [];
  #askedAt = 0;
  #isLooking = false;
  /** Why it could not be looked at the last time. */
  #refused = '';
  /** ms that the clock of all threads is ahead of the engine's. */
  #ahead = Number.NaN;

  constructor(session: Session) {
    this.#session = session;
  }

  /** What was seen last; undefined: nothing yet. */
  tell(): ToldNamespace | undefined {
    this.#askedAt = clock();
    if (!this.#isLooking) {
      this.#isLooking = true;
      void this.#look();
    }
    return this.#told;
  }

  async #look(): Promise<void> {
    while (tellers.has(this) && clock() - this.#askedAt < UNASKED) {
      const began = clock();
      try {
        this.#take(await lookAtAll(this.#session), began);
      } catch (error) {
        if (!isPassing(error)) this.#refuse(error);
      }
      await pause(Math.min(LONGEST, Math.max(LOOK_EVERY, FOR_EACH * this.#size())));
    }
    this.#isLooking = false;
  }

  /** Told once, because it may refuse the next looks as well. */
  #refuse(error: unknown): void {
    if (this.#refused === String(error)) return;
    this.#refused = String(error);
    this.#session.tellError(error);
  }

  /** How many holds and waits there were at the last look. */
  #size(): number {
    const things = this.#before?.things ?? [];
    return things.reduce((sum, { holders, waiters }) => sum + holders.length + waiters.length, 0);
  }

  #take(now: MachinesSnapshot, began: number): void {
    const seen = clock();
    this.#refused = '';
    const ahead = (began + seen) / 2 - now.at;
    if (!(Math.abs(ahead - this.#ahead) < JITTER)) this.#ahead = ahead;
    const here = (time: number): number => time + this.#ahead;
    const known = new Map(this.#deadlocks.map((deadlock) => [deadlock.id, deadlock]));
    const found = this.#before === undefined ? [] : deadlocksIn(this.#before, now);
    this.#deadlocks = found.map(({ id, since, message, cycle }) => {
      const steps = cycle.map(({ machine, waitsFor, since: waitsSince }) => {
        return { session: machine.session, waitsFor, since: here(waitsSince) };
      });
      return known.get(id) ?? { id, since: here(since), message, cycle: steps };
    });
    this.#before = now;
    const things = worstFirst(now.things);
    this.#told = {
      namespace: this.#session.namespace,
      session: this.#session.id,
      seen,
      machines: now.machines.map((machine) => {
        return { ...machine, joined: here(machine.joined), leaseEnds: here(machine.leaseEnds) };
      }),
      things: things.slice(0, MOST_THINGS).map((thing) => toldThing(thing, here)),
      thingsLeftOut: Math.max(0, things.length - MOST_THINGS),
      deadlocks: this.#deadlocks,
    };
  }
}

/** Those that most wait for, then those that are held, by name. */
function worstFirst(things: readonly SnapshotThing[]): SnapshotThing[] {
  return [...things].sort(
    (a, b) =>
      b.waiters.length - a.waiters.length ||
      b.holders.length - a.holders.length ||
      (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
}

function toldThing(
  { kind, name, holders, waiters }: SnapshotThing,
  here: (time: number) => number,
): ToldThing {
  const newest = new Map(holders.map(({ session, token }) => [session, Number(token)]));
  return {
    kind,
    name,
    holders: shares(holders, here).map((share) => ({ ...share, token: newest.get(share.session) ?? 0 })),
    waiters: shares(waiters, here),
  };
}

/** One for each process. @param entries - the oldest first */
function shares(
  entries: readonly { readonly session: string; readonly since: number }[],
  here: (time: number) => number,
): ToldShare[] {
  const found = new Map<string, ToldShare>();
  for (const { session, since } of entries) {
    const before = found.get(session);
    found.set(session, { session, since: before?.since ?? here(since), count: (before?.count ?? 0) + 1 });
  }
  return [...found.values()];
}
