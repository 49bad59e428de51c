import { afterAll, describe, expect, it } from 'vitest';
import { endCrew } from '../support/histories/crew.js';
import { KINDS } from '../support/histories/plan.js';
import { verify } from '../support/histories/verify.js';

afterAll(endCrew);

describe.each(KINDS)('%s', (kind) => {
  it('does what its model does, in 20 histories of blocking, Observable and awaited waits', async () => {
    const checked = await verify(kind, 1, 20, false);
    expect(checked.histories).toBe(20);
    expect(checked.operations).toBeGreaterThan(20 * 60);
  });

  it('does so in 3 histories in which a thread is killed', async () => {
    expect(await verify(kind, 1001, 3, true)).toMatchObject({ histories: 3, deaths: 3 });
  });
});
