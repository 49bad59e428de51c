import { atOnce, FRAGILE_CHANGE, type Model, type Operation, type Step } from '../history.js';
import { gaveUp, type LockState, showLock, stepLock, weightOfLock } from './lock.js';

/** One in the line: the operation, its thread, and how deep it had the lock. */
interface Waiter {
  readonly id: number;
  readonly thread: number;
  readonly depth: number;
}

interface ConditionState {
  readonly lock: LockState;
  /** Longest first. */
  readonly waiting: readonly Waiter[];
  readonly notified: readonly Waiter[];
  /** Those that gave up, until they have the lock again. */
  readonly resuming: readonly Waiter[];
  /** Notifications of the dead that go to the next: when, their finder decides. */
  readonly owed: number;
}

type Stage = 'begin' | 'leave' | 'give up' | 'either' | 'lock';

/** What a wait goes through, by how it ended. */
function stagesOf({ result, timeout, leaves }: Operation): readonly Stage[] {
  switch (result) {
    case 'true':
      return ['begin', 'lock'];
    case 'false':
      return ['begin', 'give up', 'lock'];
    case 'left':
      return ['begin', 'leave'];
    case 'aborted':
      return ['begin', 'leave', 'lock'];
    case 'ownerDied':
      return ['begin', 'either', 'lock'];
    case 'open':
      return timeout === undefined && !leaves ? ['begin', 'lock'] : ['begin', 'either', 'lock'];
    default:
      return ['begin'];
  }
}

const without = (waiters: readonly Waiter[], waiter: Waiter | undefined): readonly Waiter[] =>
  waiter === undefined ? waiters : waiters.filter((one) => one !== waiter);

const byId = (waiters: readonly Waiter[]): readonly Waiter[] => [...waiters].sort((a, b) => a.id - b.id);

/** It waits no more, but for the lock. */
function resume(state: ConditionState, waiter: Waiter | undefined): ConditionState | undefined {
  if (waiter === undefined) return undefined;
  return {
    ...state,
    waiting: without(state.waiting, waiter),
    notified: without(state.notified, waiter),
    resuming: byId([...state.resuming, waiter]),
  };
}

/** Tells the first n. */
function notify(state: ConditionState, n: number): ConditionState {
  const { waiting, notified } = state;
  return { ...state, waiting: waiting.slice(n), notified: byId([...notified, ...waiting.slice(0, n)]) };
}

/** A wait is three operations: it lets the lock go and joins the line; is told, gives up or is left; has the lock again. */
export function condition(reentrant: boolean): Model<ConditionState> {
  const owns = (lock: LockState, thread: number): boolean =>
    lock !== null && (reentrant ? lock.owner === thread && !lock.orphan : true);

  function stepWait(state: ConditionState, operation: Operation, step: number): ConditionState | undefined {
    const { lock, waiting, notified } = state;
    const { id, thread, result } = operation;
    const stage = stagesOf(operation)[step];
    if (stage === 'begin') {
      if (result === 'notOwner') return owns(lock, thread) ? undefined : state;
      if (result === 'early' || lock === null || !owns(lock, thread)) return undefined;
      return { ...state, lock: null, waiting: [...waiting, { id, thread, depth: lock.depth }] };
    }
    const waiter = waiting.find((one) => one.id === id);
    const told = notified.find((one) => one.id === id);
    switch (stage) {
      case 'give up':
        return waiter && resume(state, waiter);
      case 'either':
        // The error does not tell whether it had been told; it can have given up only where it was to.
        return waiter && (operation.timeout !== undefined || operation.leaves)
          ? resume(state, waiter)
          : state;
      case 'leave': {
        const left: ConditionState = {
          ...state,
          waiting: without(waiting, waiter),
          notified: without(notified, told),
        };
        // What it had been told goes to the next in that very moment.
        const after = told ? notify(left, 1) : left;
        return result === 'aborted' ? resume(after, waiter ?? told) : after;
      }
      default:
        return lockAgain(state, operation, waiter, told);
    }
  }

  function lockAgain(
    state: ConditionState,
    { id, thread, result, owner }: Operation,
    waiter: Waiter | undefined,
    told: Waiter | undefined,
  ): ConditionState | undefined {
    const { lock, owed } = state;
    const resuming = state.resuming.find((one) => one.id === id);
    // Still in the line, it can only have been told by one who passed on what the dead had been told, after all before it.
    const passed = waiter === undefined ? 0 : state.waiting.indexOf(waiter) + 1;
    if (passed > owed) return undefined;
    const passedOn = notify(state, passed);
    const after: ConditionState = {
      ...passedOn,
      // Until the wait has returned, what a victim was told goes to the next when it dies.
      notified: result === 'open' ? passedOn.notified : without(passedOn.notified, told ?? waiter),
      resuming: without(state.resuming, resuming),
      owed: owed - passed,
    };
    if (result === 'ownerDied')
      return lock?.orphan && lock.owner === owner ? { ...after, lock: null } : undefined;
    const depth = (told ?? resuming ?? waiter)?.depth;
    if (depth === undefined) return undefined;
    if (lock === null) return { ...after, lock: { owner: thread, depth } };
    if (!reentrant || lock.orphan || lock.owner !== thread) return undefined;
    return { ...after, lock: { owner: thread, depth: lock.depth + depth } };
  }

  return {
    initial: { lock: null, waiting: [], notified: [], resuming: [], owed: 0 },
    steps: (operation): readonly Step[] => {
      if (operation.name !== 'wait') return gaveUp(operation) ? [] : atOnce(operation);
      const { begin, end, leave = begin } = operation;
      return stagesOf(operation).map((stage) => ({
        from: stage === 'leave' ? leave : begin,
        to: end,
      }));
    },
    step: (state, operation, step) => {
      const { name, thread, result, n = 1 } = operation;
      if (name === 'wait') return stepWait(state, operation, step);
      if (name === 'notify') {
        if (result === 'notOwner') return owns(state.lock, thread) ? undefined : state;
        return owns(state.lock, thread) && (result === 'true' || result === 'open')
          ? notify(state, n)
          : undefined;
      }
      const lock = stepLock(state.lock, operation, reentrant);
      if (lock === undefined) return undefined;
      if (name !== 'died') return { ...state, lock };
      const alive = (waiter: Waiter): boolean => waiter.thread !== thread;
      const notified = state.notified.filter(alive);
      const owed = state.owed + state.notified.length - notified.length;
      const [waiting, resuming] = [state.waiting.filter(alive), state.resuming.filter(alive)];
      return { ...state, lock, waiting, notified, resuming, owed };
    },
    eager: ({ name, result }) =>
      name === 'locked' || (name === 'acquire' && result === 'false') || result === 'notOwner',
    key: ({ lock, waiting, notified, resuming, owed }) => {
      const ids = (waiters: readonly Waiter[]): string =>
        waiters.map(({ id, depth }) => `${id}*${depth}`).join();
      return `${showLock(lock)} ${ids(waiting)} ${ids(notified)} ${ids(resuming)} ${owed}`;
    },
    show: ({ lock, waiting, notified, owed }) => {
      const who = (waiters: readonly Waiter[]): string =>
        waiters.map(({ thread }) => `T${thread}`).join() || 'nobody';
      const dead = owed > 0 ? `, ${owed} told to the dead` : '';
      return `lock ${showLock(lock)}, waiting: ${who(waiting)}, notified: ${who(notified)}${dead}`;
    },
    weight: (operation) =>
      ['wait', 'notify'].includes(operation.name) ? FRAGILE_CHANGE : weightOfLock(operation),
  };
}
