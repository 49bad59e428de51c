import { expect, it } from 'vitest';
import { InOrder } from '../../../src/pool/wire/in-order.js';

it('what is given within a step runs after it, in order, however much that is', () => {
  const inOrder = new InOrder();
  const COUNT = 1_000_000;
  const ran: number[] = [];
  inOrder.take(() => {
    for (let one = 1; one <= COUNT; one++) inOrder.take(() => ran.push(one));
    ran.push(0);
  });
  expect(ran).toHaveLength(COUNT + 1);
  expect(ran.every((one, at) => one === at)).toBe(true);
});

it('after a step that throws the others run with the next', () => {
  const inOrder = new InOrder();
  const ran: number[] = [];
  const step = (): void => {
    inOrder.take(() => ran.push(1));
    throw new Error('jammed');
  };
  expect(() => inOrder.take(step)).toThrow('jammed');
  inOrder.take(() => ran.push(2));
  expect(ran).toEqual([1, 2]);
});
