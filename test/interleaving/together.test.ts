import { describe, expect, test } from 'vitest';
import { type Asked, explored, explores } from '../support/explorer/explores.js';
import { type Face, mixes, pairs, titleOf } from '../support/explorer/faces.js';
import type { Program } from '../support/explorer/scenario.js';
import {
  type Buffer,
  heir,
  keeps,
  moves,
  releaser,
  type Several,
  setsHolding,
  takesBoth,
  waitsThenTakes,
} from '../support/explorer/together.js';

function several(threads: Program<Several>[], more: Partial<Asked<Several>> = {}): Asked<Several> {
  return {
    shared: ({ Event, Lock }) => ({ first: new Lock(), second: new Lock(), event: new Event() }),
    threads,
    regions: { inside: 1 },
    ...more,
  };
}

function buffer(threads: Program<Buffer>[], more: Partial<Asked<Buffer>> = {}): Asked<Buffer> {
  return {
    shared: ({ Condition, Lock, allocate }) => {
      const lock = new Lock();
      const full = new Condition(lock);
      const empty = new Condition(lock);
      for (const { slots } of [full, empty]) slots.sweep(() => {});
      return { lock, full, empty, count: allocate(1) };
    },
    threads,
    ...more,
  };
}

describe('two primitives at once', () => {
  for (const [one, other] of pairs() as [Face, Face][]) {
    const title = titleOf([one, other]);
    explores(
      `two Locks, taken in the same order: ${title}`,
      several([takesBoth(one, 'first'), takesBoth(other, 'first')]),
    );
    test(`two Locks, taken in opposite orders, are a deadlock that is found: ${title}`, async () => {
      const threads = [takesBoth(one, 'first'), takesBoth(other, 'second')];
      const { violation } = await explored(several(threads));
      expect(violation).toMatch(/^T1, T2 stuck for ever/);
    });
    explores(
      `an Event that is set with a Lock held: ${title}`,
      several([setsHolding(one), waitsThenTakes(other)]),
    );
    explores(
      `two Conditions of one Lock, two values through a buffer of one: ${title}`,
      buffer([moves(one, 1, 2), moves(other, -1, 2)], { preemptions: 1 }),
    );
  }
  for (const faces of mixes(3) as [Face, Face, Face][]) {
    explores(
      `two put in, one takes out: ${titleOf(faces)}`,
      buffer([moves(faces[0], 1, 1), moves(faces[1], 1, 1), moves(faces[2], -1, 2)], { preemptions: 1 }),
    );
  }
});

explores(
  'a Lock of a dead thread is released by another: who acquires it is told, or has it',
  several([keeps, heir, releaser], { victim: 0, mayStick: true }),
);
