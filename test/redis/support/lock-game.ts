import type { Subscription } from 'rxjs';
import { expect } from 'vitest';
import { MemorySpace } from '../../../src/redis/memory/space.js';
import { checkMachines } from '../../../src/redis/options.js';
import type { RemoteHeld } from '../../../src/redis/remote-held.js';
import { RemoteLock } from '../../../src/redis/remote-lock.js';
import { Session } from '../../../src/redis/session.js';
import { PlayedEngine, type PlayedOptions, playedKeeper } from './played-engine.js';

/** The event loop turns. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

interface Party {
  readonly session: Session;
  readonly engine: PlayedEngine;
  readonly lock: RemoteLock;
}

/** A wait, and what has come of it. */
interface Wait {
  readonly subscription: Subscription;
  held?: RemoteHeld;
  emitted: number;
}

export interface Game extends PlayedOptions {
  /** How many moves are chosen, and the most waits that begin in them. */
  readonly steps: number;
  readonly waits: number;
}

/** Which of so many moves is made next. */
export type Choose = (moves: number) => number;

/**
 * Two sessions contend for one lock: waits begin and are left, holds are released, and every call, answer and hint comes
 * when it is chosen, or is lost with its connection. Ends with all of it let go.
 *
 * @param choose - the first move, always, is the plain order: what is on its way arrives, then another wait begins
 * @throws when two hold it at once, a wait emits twice, hangs, or something is left behind
 */
export async function playLocks(choose: Choose, options: Game): Promise<void> {
  const engines = new Map<string, PlayedEngine>();
  const space = new MemorySpace((session, message) => engines.get(session)?.hint(message));
  const parties = [0, 1].map((): Party => {
    const engine = new PlayedEngine(space, options);
    const checked = checkMachines({ connection: 'memory', namespace: 'n', lease: 600_000 });
    const session = new Session(checked, (_options, hear) => ({ engine, keeper: playedKeeper(space, hear) }));
    engines.set(session.id, engine);
    return { session, engine, lock: new RemoteLock(session, 'x', 'error') };
  });
  const waits: Wait[] = [];
  const begin = ({ lock }: Party) => {
    const wait: Wait = { subscription: lock.hold().subscribe((held) => emitted(held)), emitted: 0 };
    const emitted = (held: RemoteHeld) => {
      wait.held = held;
      wait.emitted++;
      const holders = waits.filter((one) => one.held !== undefined && !one.held.released);
      if (wait.emitted > 1 || holders.length > 1)
        throw new Error(`${holders.length} hold it, emitted ${wait.emitted}`);
    };
    waits.push(wait);
  };
  for (let step = 0; step < options.steps; step++) {
    const moves = parties.flatMap(({ engine }) => engine.moves());
    const inTurn = waits.length % 2 === 0 ? parties : parties.toReversed();
    if (waits.length < options.waits) moves.push(...inTurn.map((party) => () => begin(party)));
    for (const wait of waits) {
      if (wait.held === undefined && !wait.subscription.closed)
        moves.push(() => wait.subscription.unsubscribe());
      if (wait.held !== undefined && !wait.held.released) moves.push(() => void wait.held?.release());
    }
    if (moves.length > 0) moves[choose(moves.length)]?.();
    await turn();
  }
  // From now on nothing is lost: each that still waits has its turn.
  for (let round = 0; ; round++) {
    if (round > 200) throw new Error('a wait hangs');
    for (const wait of waits) if (wait.held !== undefined && !wait.held.released) void wait.held.release();
    if (round === 20) for (const { engine } of parties) engine.cut();
    const moved = parties.map(({ engine }) => engine.drain());
    await turn();
    const waiting = waits.some((wait) => wait.held === undefined && !wait.subscription.closed);
    if (!moved.includes(true) && !waiting && round > 25) break;
  }
  const left = space.call('state', ['', '', 'l:x']);
  const entries = parties.map(({ session }) => space.call('owned', [session.id]).length);
  await Promise.all(parties.map(({ session }) => session.close()));
  expect([...left.slice(0, 2), ...entries], 'what is left').toEqual(['0', '0', 0, 0]);
}

/**
 * Plays every order that departs from the plain one at most so often, and counts them.
 *
 * @throws with the moves that were chosen, what a game has thrown
 */
export async function playEveryOrder(departures: number, options: Game): Promise<number> {
  const open: { readonly chosen: readonly number[]; readonly left: number }[] = [
    { chosen: [], left: departures },
  ];
  let games = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { chosen, left } = next;
    const made = [...chosen];
    let at = 0;
    const choose: Choose = (moves) => {
      if (at === made.length) made.push(0);
      for (let other = 1; left > 0 && at >= chosen.length && other < moves; other++)
        open.push({ chosen: [...made.slice(0, at), other], left: left - 1 });
      return made[at++] as number;
    };
    try {
      await playLocks(choose, options);
    } catch (error) {
      throw new Error(`moves ${made.join(',')}`, { cause: error });
    }
    games++;
  }
  return games;
}
