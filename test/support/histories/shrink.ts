import type { Model, Operation } from './history.js';
import { check } from './linearizable.js';

/**
 * A smaller history, of what was recorded, that is wrong for the same reason. First it ends where it goes wrong; then
 * threads are left out, then operations with their pairs.
 *
 * Invariant: whatever is left out would leave a right history right. What changes nothing always may; a pair, that takes
 * and gives back, may unless something fragile stands beside it, which was right only because it had been taken.
 */
export function shrink<S>(model: Model<S>, operations: readonly Operation[]): readonly Operation[] {
  const { culprit } = check(model, operations);
  if (culprit === undefined) return operations;
  let kept = operations;
  /** false when what is left over is right. */
  const tryWithout = (rest: readonly Operation[]): boolean => {
    if (rest.length === kept.length || check(model, rest).right) return false;
    kept = rest;
    return true;
  };
  tryWithout(upTo(operations, culprit.end));
  // Where none is left that looks on, all pairs may go.
  tryWithout(kept.filter((operation) => model.weight(operation).changes));
  for (const thread of new Set(operations.map((operation) => operation.thread))) {
    const going = removable(model, kept, ({ thread: whose }) => whose === thread).flat();
    tryWithout(kept.filter((operation) => !going.includes(operation)));
  }
  for (let before = Number.POSITIVE_INFINITY; kept.length < before; ) {
    before = kept.length;
    for (const pair of removable(model, kept)) {
      const stillMay = pair.every((one) => kept.includes(one)) && mayGo(model, pair, kept, pair);
      if (stillMay) tryWithout(kept.filter((one) => !pair.includes(one)));
    }
  }
  return kept;
}

/** What could be left out, each alone; where `of` says whose it has to be, all of it together. */
export function removable<S>(
  model: Model<S>,
  operations: readonly Operation[],
  of?: (operation: Operation) => boolean,
): readonly (readonly Operation[])[] {
  const pairs = new Map<Operation, readonly Operation[]>();
  for (const operation of of === undefined ? operations : operations.filter(of)) {
    const pair = pairsWith(operation, operations);
    if (pair[0] !== undefined) pairs.set(pair[0], pair);
  }
  let going = [...pairs.values()];
  for (let before = Number.POSITIVE_INFINITY; going.length < before; ) {
    before = going.length;
    // What goes together is no hindrance to one another.
    const together = of === undefined ? [] : going.flat();
    going = going.filter((pair) => mayGo(model, pair, operations, [...together, ...pair]));
  }
  return going;
}

/** What had begun by then; of what had not ended, how it ended is not known. */
function upTo(operations: readonly Operation[], time: number): readonly Operation[] {
  return operations
    .filter(({ begin }) => begin < time)
    .map((operation) =>
      operation.end <= time ? operation : { ...operation, end: Number.POSITIVE_INFINITY, result: 'open' },
    );
}

function pairsWith(operation: Operation, all: readonly Operation[]): readonly Operation[] {
  const { thread, lane, pair } = operation;
  if (pair === undefined) return [operation];
  return all.filter((one) => one.pair === pair && one.thread === thread && one.lane === lane);
}

/** Whether a pair, or a single operation, can be left out of them all together with the others that go. */
function mayGo<S>(
  model: Model<S>,
  pair: readonly Operation[],
  all: readonly Operation[],
  going: readonly Operation[],
): boolean {
  const [first, second] = pair;
  if (first === undefined) return false;
  if (second === undefined && !model.weight(first).changes) return true;
  if (second === undefined ? !isPending(first, all) : pair.some((one) => one.result !== 'true')) return false;
  const end = Math.max(...pair.map((one) => one.end));
  return all.every((one) => {
    if (going.includes(one) || one.begin > end) return true;
    const { fragile, changes } = model.weight(one);
    // After one that gave back what others had, nobody gives back what is its own.
    return !fragile || (!changes && one.end < first.begin);
  });
}

/** It was still to be acquired when the history ended. */
function isPending({ name, result, thread }: Operation, all: readonly Operation[]): boolean {
  if (name !== 'acquire' || result !== 'open') return false;
  return !all.some((one) => one.name === 'died' && one.thread === thread);
}
