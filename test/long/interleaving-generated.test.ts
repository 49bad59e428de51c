import { describe } from 'vitest';
import { exploresAll, type Family, families } from '../support/explorer/generate.js';

for (const family of families as readonly unknown[]) {
  const any = family as Family<object>;
  describe('2 threads, every interleaving, one killed', () => exploresAll(any, { threads: 2, kills: true }));
  describe('3 threads, up to 1 preemption', () => exploresAll(any, { threads: 3, preemptions: 1 }));
  describe('3 threads that wait where they must, one killed', () =>
    exploresAll(any, { threads: 3, preemptions: 0, kills: true }));
}
