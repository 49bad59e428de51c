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
