import { expect, it } from 'vitest';
import { BatchSender } from '../../../src/pool/wire/batch-sender.js';

it('a million values that each go alone wait for credit, and go in order once there is some', () => {
  const COUNT = 1_000_000;
  const sent: unknown[] = [];
  const sender = new BatchSender(0, (values) => sent.push(...values));
  for (let one = 0; one < COUNT; one++) sender.push(new Date(one));
  expect([sent.length, sender.hasRoom]).toEqual([0, false]);
  sender.add(1);
  expect(sent).toHaveLength(1);
  sender.add(COUNT);
  expect(sent).toHaveLength(COUNT);
  expect(sent.every((one, at) => (one as Date).getTime() === at)).toBe(true);
  expect(sender.hasRoom).toBe(true);
});

it('so do those that come while as many wait', () => {
  const WAITING = 500_000;
  const sent: unknown[] = [];
  const sender = new BatchSender(0, (values) => sent.push(...values));
  for (let one = 0; one < 2 * WAITING; one++) {
    sender.push(new Date(one));
    if (one >= WAITING) sender.add(1);
  }
  expect(sent).toHaveLength(WAITING);
  expect(sent.every((one, at) => (one as Date).getTime() === at)).toBe(true);
});

it('a value that comes in a getter of one that is being sent goes after it', () => {
  const sent: number[] = [];
  const sender = new BatchSender(10, ([value]) => sent.push((value as { readonly n: number }).n));
  class Value {
    get n(): number {
      sender.push(new Map());
      return 0;
    }
  }
  sender.push(new Value());
  expect(sent).toEqual([0, undefined]);
});

/** A plain value whose getter calls this as it is copied. */
const bringing = (name: string, bring: () => void) => ({
  get name() {
    bring();
    return name;
  },
});

it('what comes in a getter comes as it was then, in the order in which it came', () => {
  const sent: unknown[] = [];
  const sender = new BatchSender(10, (values) => sent.push(...values));
  const one = { n: 0 };
  const inner = bringing('inner', () => sender.push(one));
  const outer = bringing('outer', () => {
    sender.push(inner);
    one.n = 1;
    sender.push(one);
    one.n = 2;
  });
  sender.push(outer);
  sender.flush();
  expect(sent).toEqual([{ name: 'outer' }, { name: 'inner' }, { n: 0 }, { n: 1 }]);
});

it('a getter that waits until all is sent waits for its own value, and what it has brought', async () => {
  const sent: unknown[] = [];
  const sender = new BatchSender(10, (values) => sent.push(...values));
  sender.push('at once, as nothing was before');
  let ended: Promise<unknown> | undefined;
  sender.push(
    bringing('last', () => {
      sender.push('brought');
      ended = sender.untilSent().then(() => sent.push('end'));
    }),
  );
  await ended;
  expect(sent.slice(1)).toEqual([{ name: 'last' }, 'brought', 'end']);
});

it('a hundred thousand values, each brought by a getter of the one before, are sent', () => {
  const COUNT = 100_000;
  let sent = 0;
  const sender = new BatchSender(Number.POSITIVE_INFINITY, ([value]) => {
    sent++;
    (value as Link).bring();
  });
  class Link {
    bring(): void {
      if (sent < COUNT) sender.push(new Link());
    }
  }
  sender.push(new Link());
  expect(sent).toBe(COUNT);
});
