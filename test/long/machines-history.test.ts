import { describe, expect, it } from 'vitest';
import { lockHistory } from '../support/lock-history.js';
import { anySeed } from '../support/random.js';

/** Of the whole; SECONDS=1800 for a night. */
const seconds = Number(process.env.SECONDS ?? 60);

describe('a long history of a RemoteLock under faults', () => {
  for (const lease of [600, 1500]) {
    const seed = anySeed();

    it(`has no token that goes back, no torn section, no two owners and no hang, lease ${lease}, seed ${seed}`, async () => {
      const history = await lockHistory({ seconds: seconds / 2, lease, seed });
      const { sections, refused, faults, longestPause, ...wrong } = history;
      expect(wrong).toEqual({ tokensBackwards: 0, tornSections: 0, tokensOfTwoOwners: 0, overlaps: 0 });
      expect(sections).toBeGreaterThan(seconds);
      // The longest fault, the lease behind it, and what a loaded machine takes to start a process.
      expect(longestPause).toBeLessThan(4 * lease + 15_000);
    });
  }
});
