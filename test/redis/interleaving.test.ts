import { describe, expect, it } from 'vitest';
import { anySeed, random } from '../support/random.js';
import { type Choose, type Game, playEveryOrder, playLocks } from './support/lock-game.js';

const long: Game = { ghosts: false, steps: 40, waits: 8 };

function dice(seed: number): Choose {
  const roll = random(seed);
  return (moves) => Math.floor(roll() * moves);
}

describe('the client of a RemoteLock, in every order of calls, answers and hints', () => {
  const seed = anySeed();

  it(`gives the lock to one at a time, to each that waits, and leaves nothing behind, seed ${seed}`, async () => {
    for (let game = 0; game < 400; game++) {
      const start = seed + game;
      try {
        await playLocks(dice(start), long);
      } catch (error) {
        throw new Error(`SEED=${start}`, { cause: error });
      }
    }
  });

  it('does so in every order that departs from the plain one twice', async () => {
    expect(await playEveryOrder(2, { ghosts: false, steps: 14, waits: 3 })).toBeGreaterThan(1000);
  });

  it('finds a call of a connection that was cut which reaches the engine behind those of the next', async () => {
    const found = playEveryOrder(3, { ghosts: true, steps: 10, waits: 2 });
    await expect(found).rejects.toThrow(/^moves /);
  });
});
