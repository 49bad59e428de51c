import { enumerate, RLock, Thread, threadModule, toHandle } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { installed } from '../support/installed.js';

const targets = threadModule<typeof import('../fixtures/two-copies.js')>(
  new URL('../fixtures/two-copies.js', import.meta.url),
);

const dist = new URL('../../dist/index.js', import.meta.url).pathname;
const copies = [dist, `${installed()}/node_modules/rxjs-threading/dist/index.js`];

describe('two copies of the package in one worker', () => {
  it('give its thread one ident, and one ownership of an RLock', async () => {
    const lock = new RLock();
    const args = [copies, toHandle(lock)] as const;
    const thread = new Thread({ target: targets.ownThroughBoth, args, name: 'one' }).start();
    expect(await thread.result()).toEqual({ taken: [true, true], count: 2, same: true, name: 'one' });
    expect(lock.locked()).toBe(false);
    expect(enumerate()).toHaveLength(1);
  });

  it('end it in both: its waits are granted nothing any more, and what it owns is lost', async () => {
    const lock = new RLock();
    await new Thread({ target: targets.endThroughOne, args: [copies, toHandle(lock)] }).start().result();
    const acquired = Promise.resolve(lock.acquire({ timeout: 5000 }));
    await expect(acquired).rejects.toMatchObject({ code: 'ERR_OWNER_DIED' });
    expect(enumerate()).toHaveLength(1);
  });
});
