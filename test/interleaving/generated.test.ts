import { expect, test } from 'vitest';
import {
  type Bounds,
  barrier,
  condition,
  event,
  exploreAll,
  type Family,
  lock,
  rlock,
  semaphore,
} from '../support/explorer/generate.js';
import { action } from '../support/explorer/parties.js';

function exploresAll<S>(family: Family<S>, title: string, bounds: Bounds): void {
  test(`${family.name}: ${title}`, async () => {
    const [count, wrong] = await exploreAll(family, bounds);
    expect(wrong.join('\n\n')).toBe('');
    expect(count).toBeGreaterThan(5);
  });
}

for (const family of [
  lock,
  rlock,
  semaphore(1),
  semaphore(2),
  event,
  condition,
  barrier(),
  barrier(action),
]) {
  const any = family as Family<object>;
  exploresAll(any, 'every mix of 2 threads', { threads: 2 });
  exploresAll(any, 'every mix of 2 threads, one may die', { threads: 2, kills: true, preemptions: 1 });
  exploresAll(any, 'some mixes of 3 threads', { threads: 3, preemptions: 1, stride: 7 });
}
