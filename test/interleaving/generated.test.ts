import { expect, test } from 'vitest';
import { type Bounds, exploreAll, type Family, families } from '../support/explorer/generate.js';

function exploresAll<S>(family: Family<S>, title: string, bounds: Bounds): void {
  test(`${family.name}: ${title}`, async () => {
    const [count, wrong] = await exploreAll(family, bounds);
    expect(wrong.join('\n\n')).toBe('');
    expect(count).toBeGreaterThan(4);
  });
}

for (const family of families as readonly unknown[]) {
  const any = family as Family<object>;
  exploresAll(any, 'every mix of 2 threads', { threads: 2, stride: 2 });
  exploresAll(any, 'mixes of 2 threads, one may die', {
    threads: 2,
    kills: true,
    preemptions: 1,
    stride: 5,
  });
  exploresAll(any, 'mixes of 3 threads', { threads: 3, preemptions: 1, stride: 13 });
}
