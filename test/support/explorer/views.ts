import type { Primitives } from './sources.js';

interface Original {
  readonly name: string;
  readonly cells: never;
  readonly slots?: { readonly table: never };
  readonly lock?: Original;
  readonly timeout?: number;
}

/** A thread's own views of what the threads share: new objects on the same words, by name. */
export function viewsOf<S>(primitives: Primitives, shared: S, action: () => void): S {
  const views = new Map<unknown, unknown>();
  const viewOf = (original: unknown): unknown => {
    if (!views.has(original)) views.set(original, view(original as Original));
    return views.get(original);
  };
  const view = (original: Original): unknown => {
    const { name, cells, slots } = original;
    const { Shared, SharedCondition, SharedBarrier } = primitives;
    switch (original.constructor.name) {
      case 'Lock':
        return ownerless(new primitives.Lock(new Shared(name, cells) as never));
      case 'RLock':
        return ownerless(new primitives.RLock(new Shared(name, cells) as never));
      case 'Semaphore':
        return new primitives.Semaphore(undefined, new Shared(name, cells) as never);
      case 'BoundedSemaphore':
        return new primitives.BoundedSemaphore(undefined, new Shared(name, cells) as never);
      case 'Event':
        return new primitives.Event(new Shared(name, cells) as never);
      case 'Condition': {
        const origin = new SharedCondition(name, cells, slots?.table as never);
        return new primitives.Condition(viewOf(original.lock) as never, origin as never);
      }
      case 'Barrier': {
        const timeout = original.timeout ?? Number.POSITIVE_INFINITY;
        const run = 'action' in original && original.action !== undefined ? action : undefined;
        return new primitives.Barrier(
          1,
          new SharedBarrier(name, cells, slots?.table as never, timeout, run as never) as never,
        );
      }
      default:
        return original;
    }
  };
  return Object.fromEntries(Object.entries(shared as object).map(([key, one]) => [key, viewOf(one)])) as S;
}

/** Waiters read the owner only to tell inspection: one branching less at every look. */
function ownerless<P extends object>(primitive: P): P {
  return Object.defineProperty(primitive, 'owner', { value: null });
}
