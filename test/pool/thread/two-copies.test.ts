import * as here from 'rxjs-threading';
import { beforeAll, describe, expect, it } from 'vitest';
import { installed } from '../../support/installed.js';

const targets = here.threadModule<typeof import('../../fixtures/two-copies.js')>(
  new URL('../../fixtures/two-copies.js', import.meta.url),
);
const dist = new URL('../../../dist/index.js', import.meta.url).pathname;
const other = `${installed()}/node_modules/rxjs-threading/dist/index.js`;
const copies = [dist, other];

describe('a thread that one copy of the package has started', () => {
  let there: typeof here;
  beforeAll(async () => {
    there = (await import(other)) as typeof here;
    // From now on it answers questions, too.
    await new there.Thread({ target: () => 1 }).start().result();
  });

  it('has its result asked from other threads, though another copy beside it has not kept it', async () => {
    const ready = new here.Event();
    const target = (ready: here.Event) => ready.wait();
    const thread = new here.Thread({ target, args: [ready] }).start();
    const asking = Array.from({ length: 10 }, () =>
      new here.Thread({ target: targets.resultOf, args: [thread] }).start().result(),
    );
    ready.set();
    expect(await Promise.all(asking)).toEqual(Array.from({ length: 10 }, () => true));
  });

  it('gives the other copy in its thread its result', async () => {
    const ready = new here.Event();
    const target = (ready: here.Event) => ready.wait();
    const thread = new here.Thread({ target, args: [ready], name: 'asked by both' }).start();
    const theirs = there.enumerate().find(({ name }) => name === 'asked by both');
    const result = theirs?.result();
    ready.set();
    expect(await Promise.all([result, thread.result()])).toEqual([true, true]);
  });

  it('streams all of its values for the other copy in its thread that joins it and blocks, though nobody reads them', async () => {
    const count = function* (many: number): Generator<number> {
      for (let n = 1; n <= many; n++) yield n;
    };
    await using thread = new here.Thread({ target: count, args: [20_000], name: 'streams' }).start();
    const theirs = there.enumerate().find(({ name }) => name === 'streams');
    expect(theirs?.joinSync({ timeout: 10_000 })).toBe(true);
    expect(await thread.result()).toBe(20_000);
  }, 20_000);

  it('is kept after its end for the other copy in its thread, which has a Thread for it', async () => {
    const ready = new here.Event();
    const target = (ready: here.Event) => ready.wait();
    const thread = new here.Thread({ target, args: [ready], name: 'over' }).start();
    const theirs = there.enumerate().find(({ name }) => name === 'over');
    ready.set();
    expect(await thread.result()).toBe(true);
    expect(await theirs?.result()).toBe(true);
  });

  it('is asked for by two copies in one worker, each of which has its own answer', async () => {
    const ready = new here.Event();
    const target = async (value: string, ready: here.Event) => {
      await ready.wait();
      return value;
    };
    const names = ['a', 'b'];
    for (const name of names) new here.Thread({ target, args: [name, ready], name }).start();
    const asked = new here.Event();
    const args = [copies, names, asked] as const;
    const asking = new here.Thread({ target: targets.resultsThroughBoth, args }).start();
    await asked.wait();
    ready.set();
    expect(await asking.result()).toEqual(names);
  });
});
