import { afterAll, describe, expect, it } from 'vitest';
import { endCrew } from '../support/histories/crew.js';
import type { Operation, Result } from '../support/histories/history.js';
import { check } from '../support/histories/linearizable.js';
import { modelOf } from '../support/histories/models/model-of.js';
import { KINDS, plan } from '../support/histories/plan.js';
import { explain, parse, print } from '../support/histories/print.js';
import { Random } from '../support/histories/random.js';
import { run } from '../support/histories/run.js';
import { removable, shrink } from '../support/histories/shrink.js';

afterAll(endCrew);

async function recorded(kind: (typeof KINDS)[number], seed: number) {
  const planned = plan({ kind, seed, kill: seed === 3, operations: 80 });
  const { operations } = await run(planned);
  return { model: modelOf(planned), operations };
}

/** The same with another end for one operation, if there is one to which that can be done. */
function falsify(operations: readonly Operation[], random: Random): readonly Operation[] {
  const some = operations.filter(
    ({ name, result }) => (result === 'true' && !name.endsWith('action')) || typeof result === 'number',
  );
  const victim = random.pick(some);
  const result: Result = typeof victim.result === 'number' ? 999 : 'early';
  return operations.map((operation) => (operation === victim ? { ...operation, result } : operation));
}

describe.each(KINDS)('a history of a %s', (kind) => {
  it('stays right without whatever may be left out', async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const { model, operations } = await recorded(kind, seed);
      const random = new Random(seed);
      let kept = operations;
      expect(check(model, kept).right, print(kept)).toBe(true);
      for (let times = 0; times < 40; times++) {
        const pairs = removable(model, kept);
        if (pairs.length === 0) break;
        const pair = random.pick(pairs);
        kept = kept.filter((operation) => !pair.includes(operation));
        expect(check(model, kept).right, print(kept)).toBe(true);
      }
      const thread = random.below(4);
      const own = removable(model, kept, (operation) => operation.thread === thread).flat();
      expect(
        check(
          model,
          kept.filter((operation) => !own.includes(operation)),
        ).right,
      ).toBe(true);
    }
  });

  it('that was made wrong is found, made smaller and stays wrong', async () => {
    for (let seed = 1; seed <= 2; seed++) {
      const { model, operations } = await recorded(kind, seed);
      const wrong = falsify(operations, new Random(seed));
      expect(check(model, wrong).right, print(wrong)).toBe(false);
      const small = shrink(model, wrong);
      expect(small.length).toBeLessThanOrEqual(wrong.length);
      expect(check(model, small).right).toBe(false);
    }
  });
});

it('two owners among hundreds of operations are shown alone', () => {
  const pairs = Array.from({ length: 100 }, (_, at) => {
    const [thread, from] = [1 + (at % 3), 10 * at];
    return { thread, acquired: from + 1, released: from + 5 };
  });
  const operations = pairs.flatMap(({ thread, acquired, released }) => [
    { ...parse(`T${thread} acquire() ${acquired} to ${acquired + 1} true`)[0]!, pair: acquired },
    { ...parse(`T${thread} release() ${released} to ${released + 1} true`)[0]!, pair: acquired },
  ]);
  const intruder = { ...parse('T4 acquire() 503 to 504 true')[0]!, pair: 503 };
  const wrong = [...operations, intruder].map((operation, id) => ({ ...operation, id }));
  const model = modelOf({ kind: 'Lock', size: 1 });
  const small = shrink(
    model,
    wrong.sort((a, b) => a.begin - b.begin),
  );
  expect(explain(model, small, check(model, small)).split('\n')).toEqual([
    ' T3  acquire()  501 to 502  true',
    ' T4  acquire()  503 to 504  true',
    "No order explains that T4's acquire() of 503 came to true. Just before its end, the states that the others allow:",
    "  T3's",
  ]);
});

it('what is printed can be read again', async () => {
  const { model, operations } = await recorded('Condition(Lock)', 3);
  const again = parse(print(operations));
  expect(print(again)).toBe(print(operations.map((operation) => ({ ...operation, face: undefined }))));
  expect(check(model, again).right).toBe(true);
});
