import {
  atOnce,
  CHANGE,
  FRAGILE_CHANGE,
  LIGHT,
  type Model,
  type Operation,
  type Weight,
  WITNESS,
} from '../history.js';

/** Free, a thread's, or left behind by one that died. */
export type LockState = { readonly owner: number; readonly depth: number; readonly orphan?: true } | null;

/** What an operation does to a lock: of the kind Lock, which anybody may release, or RLock. */
export function stepLock(
  state: LockState,
  { name, thread, result, owner, poll }: Operation,
  reentrant: boolean,
): LockState | undefined {
  const mine = state !== null && state.orphan === undefined && state.owner === thread;
  switch (name) {
    case 'acquire':
      if (result === 'ownerDied') return state?.orphan && state.owner === owner ? null : undefined;
      if (result === 'false') return poll && state !== null && !(reentrant && mine) ? state : undefined;
      if (result !== 'true' && result !== 'open') return undefined;
      if (state === null) return { owner: thread, depth: 1 };
      return reentrant && mine ? { owner: thread, depth: state.depth + 1 } : undefined;
    case 'release':
      if (result === 'notLocked') return !reentrant && state === null ? state : undefined;
      if (result === 'notOwner') return reentrant && !mine ? state : undefined;
      if ((result !== 'true' && result !== 'open') || state === null || (reentrant && !mine))
        return undefined;
      return state.depth > 1 ? { owner: thread, depth: state.depth - 1 } : null;
    case 'locked':
      return result === String(state !== null) ? state : undefined;
    case 'died':
      return state?.owner === thread ? { owner: thread, depth: 1, orphan: true } : state;
    default:
      return undefined;
  }
}

export function showLock(state: LockState): string {
  if (state === null) return 'free';
  if (state.orphan) return `left behind by T${state.owner}`;
  return `T${state.owner}'s${state.depth > 1 ? `, ${state.depth} deep` : ''}`;
}

/** It gave up by itself: no state forbids it, and none comes of it. */
export function gaveUp({ name, result, poll }: Operation): boolean {
  if (name !== 'acquire') return false;
  return result === 'left' || result === 'aborted' || (result === 'false' && !poll);
}

export function weightOfLock(operation: Operation): Weight {
  const { name, result, pair } = operation;
  // What is free stays free without the others; what is taken does not.
  if (gaveUp(operation) || result === 'notLocked' || result === 'notOwner') return LIGHT;
  if (name === 'locked') return result === 'true' ? WITNESS : LIGHT;
  if (name === 'acquire' && result === 'false') return WITNESS;
  return name === 'release' && pair === undefined ? FRAGILE_CHANGE : CHANGE;
}

function lockModel(reentrant: boolean): Model<LockState> {
  return {
    initial: null,
    steps: (operation) => (gaveUp(operation) ? [] : atOnce(operation)),
    step: (state, operation) => stepLock(state, operation, reentrant),
    eager: ({ name, result }) =>
      name === 'locked' ||
      (name === 'acquire' && result === 'false') ||
      result === 'notLocked' ||
      result === 'notOwner',
    key: (state) => (state === null ? '' : `${state.owner} ${state.depth} ${state.orphan ?? ''}`),
    show: showLock,
    weight: weightOfLock,
  };
}

export const lock: Model<LockState> = lockModel(false);
export const rlock: Model<LockState> = lockModel(true);
