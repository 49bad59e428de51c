import { describe } from 'vitest';
import { exploresAll, type Family, families } from '../support/explorer/generate.js';
import { anySeed } from '../support/random.js';

/** Of three threads one half of all mixes, and the other half in as many runs: together they take longer than all else. */
const seed = anySeed();
const half = { stride: 2, from: seed % 2 };

for (const family of families as readonly unknown[]) {
  const any = family as Family<object>;
  describe('2 threads, every interleaving, one killed', () => exploresAll(any, { threads: 2, kills: true }));
  describe(`3 threads, up to 1 preemption, seed ${seed}`, () =>
    exploresAll(any, { threads: 3, preemptions: 1, ...half }));
  describe(`3 threads that wait where they must, one killed, seed ${seed}`, () =>
    exploresAll(any, { threads: 3, preemptions: 0, kills: true, ...half }));
}
