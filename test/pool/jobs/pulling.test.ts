import { describe, expect, it } from 'vitest';
import { checkPullable, type Pullable, Pulling } from '../../../src/pool/jobs/pulling.js';
import { turns } from '../../support/turns.js';

/** What was done to the iterator, and what came of it, in order. */
function pulled(source: Pullable<unknown>, room: number, each: (value: unknown) => void = () => {}) {
  made.length = 0;
  const seen: unknown[] = [];
  const taker = {
    room,
    hasRoom: () => taker.room > 0,
    next: (value: unknown) => {
      taker.room--;
      seen.push(value);
      each(value);
    },
    error: (error: unknown) => seen.push(`${error}`),
    complete: () => seen.push('complete'),
  };
  const pulling = new Pulling(source, taker);
  const more = async (room: number) => {
    taker.room += room;
    pulling.pull();
    await turns(2);
  };
  return { seen, pulling, more };
}

const made: unknown[] = [];
function* counting(to: number) {
  try {
    for (let value = 0; value < to; value++) {
      made.push(value);
      yield value;
    }
  } finally {
    made.push('returned');
  }
}
async function* countingLater(to: number) {
  for (const value of counting(to)) {
    await turns(1);
    yield value;
  }
}

describe.each([
  ['an iterable', counting],
  ['an async iterable', countingLater],
] as const)('pulling %s', (_, count) => {
  it('makes no value before there is room for it', async () => {
    const { seen, more } = pulled(count(5), 0);
    await more(0);
    expect(made).toEqual([]);
    await more(2);
    await turns(5);
    expect([seen, made]).toEqual([
      [0, 1],
      [0, 1],
    ]);
    await more(9);
    await turns(5);
    expect(seen).toEqual([0, 1, 2, 3, 4, 'complete']);
    expect(made).toEqual([0, 1, 2, 3, 4, 'returned']);
  });

  it('asks for one value at a time, whoever calls within', async () => {
    const { seen, pulling, more } = pulled(count(3), 9, () => pulling.pull());
    await more(0);
    pulling.pull();
    await turns(9);
    expect(seen).toEqual([0, 1, 2, 'complete']);
  });

  it('lets the iterator clean up when it is stopped, within a value too, and is silent from then on', async () => {
    const { seen, pulling, more } = pulled(count(5), 9, (value) => value === 1 && pulling.stop());
    await more(0);
    await turns(9);
    pulling.stop();
    await more(1);
    expect(seen).toEqual([0, 1]);
    expect(made).toEqual([0, 1, 'returned']);
  });

  it('that was stopped before it began makes nothing', async () => {
    const { seen, pulling, more } = pulled(count(5), 9);
    pulling.stop();
    await more(9);
    expect([seen, made.includes(0)]).toEqual([[], false]);
  });
});

describe('pulling', () => {
  it('tells of an error once, after the values before it', async () => {
    async function* failingLater() {
      yield 1;
      throw new Error('sad');
    }
    function* failing() {
      yield 1;
      throw new Error('sad');
    }
    for (const source of [failing(), failingLater()]) {
      const { seen, more } = pulled(source, 9);
      await more(0);
      await more(9);
      expect(seen).toEqual([1, 'Error: sad']);
    }
  });

  it('can be stopped by the code of the iterator itself', () => {
    const seen: unknown[] = [];
    function* stopping(): Generator<number> {
      try {
        yield 1;
        pulling.stop();
        yield 2;
      } finally {
        seen.push('returned');
      }
    }
    const taker = {
      hasRoom: () => true,
      next: (n: number) => seen.push(n),
      error: seen.push,
      complete: seen.push,
    };
    const pulling = new Pulling(stopping(), taker);
    pulling.pull();
    expect(seen).toEqual([1, 'returned']);
  });

  it('throws what the iterator throws as it is told to return, and never asks it again', () => {
    const source = {
      [Symbol.iterator]: () => ({
        next: () => ({ value: 1, done: false }),
        return: () => {
          throw new Error('sad');
        },
      }),
    };
    const { seen, pulling } = pulled(source as Iterable<number>, 1);
    pulling.pull();
    expect(() => pulling.stop()).toThrow('sad');
    pulling.stop();
    expect(seen).toEqual([1]);
  });

  it('tells of an iterator that breaks its contract', () => {
    const source = { [Symbol.iterator]: () => ({ next: () => 5 }) } as never;
    const { seen, pulling } = pulled(source, 1);
    pulling.pull();
    expect(seen).toEqual(["TypeError: what an iterator's next gives must be an object, got 5"]);
  });

  it('takes one whose asynchronous method is null for a synchronous one, as from does', () => {
    const source = { [Symbol.asyncIterator]: null, [Symbol.iterator]: () => counting(2) };
    expect(() => checkPullable(source)).not.toThrow();
    const { seen, pulling } = pulled(source as never, 9);
    pulling.pull();
    expect(seen).toEqual([0, 1, 'complete']);
  });

  it.each([5, null, undefined, {}, () => 1, { [Symbol.iterator]: null }])('of %o is refused', (source) => {
    expect(() => checkPullable(source)).toThrow(/source must be an iterable or an async iterable, got/);
  });

  it.each([[[1]], ['ab'], [new Set()], [counting(1)], [countingLater(1)]])('of %o is not', (source) => {
    expect(() => checkPullable(source)).not.toThrow();
  });
});
