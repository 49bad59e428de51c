import type { Subscription } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { MemorySpace } from '../../src/redis/memory/space.js';
import { checkMachines } from '../../src/redis/options.js';
import type { RemoteHeld } from '../../src/redis/remote-held.js';
import { RemoteLock } from '../../src/redis/remote-lock.js';
import { Session } from '../../src/redis/session.js';
import { anySeed, random } from '../support/random.js';
import { PlayedEngine, type PlayedOptions, playedKeeper } from './support/played-engine.js';

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

/**
 * Two sessions contend for one lock: waits begin and are left, holds are released, and every call, answer and hint comes
 * when the dice say so, or is lost with its connection. Ends with all of it let go.
 *
 * @throws when two hold it at once, a wait emits twice, hangs, or something is left behind
 */
async function play(roll: () => number, options: PlayedOptions): Promise<void> {
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
  for (let step = 0; step < 40; step++) {
    const moves = parties.flatMap(({ engine }) => engine.moves());
    for (const party of parties) if (waits.length < 8) moves.push(() => begin(party));
    for (const wait of waits) {
      if (wait.held === undefined && !wait.subscription.closed)
        moves.push(() => wait.subscription.unsubscribe());
      if (wait.held !== undefined && !wait.held.released) moves.push(() => void wait.held?.release());
    }
    moves[Math.floor(roll() * moves.length)]?.();
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
  expect([...left.slice(0, 2), ...entries]).toEqual(['0', '0', 0, 0]);
}

describe('the client of a RemoteLock, in every order of calls, answers and hints', () => {
  const seed = anySeed();

  it(`gives the lock to one at a time, to each that waits, and leaves nothing behind, seed ${seed}`, async () => {
    for (let game = 0; game < 400; game++) {
      const start = seed + game;
      try {
        await play(random(start), { ghosts: false });
      } catch (error) {
        throw new Error(`SEED=${start}`, { cause: error });
      }
    }
  });

  it('finds a call of a connection that was cut which reaches the engine behind those of the next', async () => {
    let found = 0;
    for (let game = 0; game < 400 && found === 0; game++)
      await play(random(game), { ghosts: true }).catch(() => {
        found++;
      });
    expect(found).toBe(1);
  });
});
