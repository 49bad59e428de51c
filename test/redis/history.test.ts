import { describe, expect, it } from 'vitest';
import { lockHistory } from '../support/lock-history.js';
import { anySeed } from '../support/random.js';

describe('a history of a RemoteLock under faults', () => {
  const seed = anySeed();

  it(`has no token that goes back, no torn section, no two owners and no hang, seed ${seed}`, {
    timeout: 180_000,
  }, async () => {
    const lease = 1000;
    const history = await lockHistory({ seconds: 60, lease, seed });
    const { sections, refused, faults, longestPause, ...wrong } = history;
    expect(wrong).toEqual({ tokensBackwards: 0, tornSections: 0, tokensOfTwoOwners: 0, overlaps: 0 });
    expect(sections).toBeGreaterThan(60);
    // The longest fault, the lease behind it, and what a loaded machine takes to start a process.
    expect(longestPause).toBeLessThan(4 * lease + 15_000);
  });
});
