import { describe } from 'vitest';
import { exploresAll, type Family, families } from '../support/explorer/generate.js';

// Some of all mixes; see test/long/interleaving-generated.test.ts for the others.
for (const family of families as readonly unknown[]) {
  const any = family as Family<object>;
  describe('2 threads, every interleaving', () => exploresAll(any, { threads: 2, stride: 6 }));
  describe('2 threads, one killed', () =>
    exploresAll(any, { threads: 2, kills: true, preemptions: 1, stride: 13 }));
  describe('3 threads, up to 1 preemption', () =>
    exploresAll(any, { threads: 3, preemptions: 1, stride: 43 }));
}
