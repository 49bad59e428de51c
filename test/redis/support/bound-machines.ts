// The operators over remote primitives, bound to the laws: what is in the way is another session of the namespace.
import { EMPTY, map, type Observable, of, pipe } from 'rxjs';
import { awaitCondition, awaitEvent, barrierZip, timerDelay, withLock } from 'rxjs-threading';
import type { Machines, RemoteLock, RemoteRLock, RemoteSemaphore } from 'rxjs-threading/redis';
import { failAtTwo } from '../../fixtures/operators/scripted.js';
import type { Passing, PassingThrough } from '../../support/operator-laws.js';
import { heard } from './heard.js';

export interface Sessions {
  /** Whose operators are tried. */
  readonly here: Machines;
  readonly there: Machines;
  /** A name that nobody has used. */
  name(): string;
}

type Takable = RemoteLock | RemoteRLock | RemoteSemaphore;

/** What streams have said last. */
function watching() {
  const latest = new Map<string, unknown>();
  const subscriptions: { unsubscribe(): void }[] = [];
  return {
    of: (name: string) => latest.get(name),
    watch(name: string, stream: Observable<unknown>) {
      subscriptions.push(stream.subscribe((value) => latest.set(name, value)));
      return heard(stream, () => true);
    },
    end() {
      for (const one of subscriptions) one.unsubscribe();
    },
  };
}

export async function overTakable(
  { here, there, name }: Sessions,
  make: (machines: Machines, name: string) => Takable,
): Promise<PassingThrough> {
  const [open, shut] = [name(), name()];
  const [free, taken] = [make(here, open), make(here, shut)];
  const held = await make(there, shut).hold();
  const state = watching();
  const used = (lock: Takable) =>
    'value$' in lock ? lock.value$.pipe(map((left) => left === 0)) : lock.locked$;
  await state.watch('free used', used(free));
  await state.watch('taken used', used(taken));
  await state.watch('free waits', free.waiting$);
  await state.watch('taken waits', taken.waiting$);
  return {
    open: withLock(free, (value) => of(value)),
    shut: withLock(taken, (value) => of(value)),
    failing: withLock(free, (value) => of(failAtTwo(value))),
    waits: () => Number(state.of('taken waits')) > 0,
    unblock: () => void held.release(),
    free: () => {
      if (Number(state.of('taken waits')) + Number(state.of('free waits')) > 0) return false;
      held.release();
      return state.of('taken used') === false && state.of('free used') === false;
    },
    end: async () => state.end(),
  };
}

/** How many wait for what has that name, as a stream. */
function waitersOf(machines: Machines, name: string): Observable<number> {
  return machines
    .snapshot$({ every: 5 })
    .pipe(map(({ things }) => things.find((thing) => thing.name === name)?.waiters.length ?? 0));
}

export async function overEvent({ here, there, name }: Sessions): Promise<Passing> {
  const [open, shut] = [name(), name()];
  await there.event(open).set();
  const state = watching();
  await state.watch('open waits', waitersOf(there, open));
  await state.watch('shut waits', waitersOf(there, shut));
  return {
    open: awaitEvent(here.event(open)),
    shut: awaitEvent(here.event(shut)),
    waits: () => Number(state.of('shut waits')) > 0,
    unblock: () => void there.event(shut).set(),
    free: () => Number(state.of('open waits')) + Number(state.of('shut waits')) === 0,
    end: async () => state.end(),
  };
}

export async function overBarrier({ here, there, name }: Sessions): Promise<Passing> {
  const [open, shut] = [name(), name()];
  const state = watching();
  await state.watch('open waits', here.barrier(open, 2).nWaiting$);
  await state.watch('shut waits', here.barrier(shut, 2).nWaiting$);
  let ended = false;
  const others = new Set<{ unsubscribe(): void }>();
  /** Comes again and again. */
  const arrive = (barrier: string): void => {
    if (ended) return;
    const other = there
      .barrier(barrier, 2)
      .wait()
      .subscribe({
        next: () => {
          others.delete(other);
          arrive(barrier);
        },
        error: () => {},
      });
    others.add(other);
  };
  arrive(open);
  return {
    open: pipe(barrierZip(here.barrier(open, 2)), map(first)),
    shut: pipe(barrierZip(here.barrier(shut, 2)), map(first)),
    waits: () => !ended && others.size === 1 && Number(state.of('shut waits')) > 0,
    unblock: () => arrive(shut),
    free: () => {
      ended = true;
      for (const other of others) other.unsubscribe();
      return Number(state.of('open waits')) + Number(state.of('shut waits')) === 0;
    },
    end: async () => state.end(),
  };
}

function first<T>([value]: readonly [T, ...unknown[]]): T {
  return value;
}

export async function overTime({ here, there, name }: Sessions): Promise<Passing> {
  const [now, later] = [name(), name()];
  const state = watching();
  await state.watch('now waits', waitersOf(there, now));
  await state.watch('later waits', waitersOf(there, later));
  return {
    open: timerDelay(0, { cancel: here.event(now) }),
    shut: timerDelay(200, { cancel: here.event(later) }),
    waits: () => Number(state.of('later waits')) > 0,
    unblock: () => {},
    free: () => Number(state.of('now waits')) + Number(state.of('later waits')) === 0,
    end: async () => state.end(),
  };
}

export async function overCondition({ here, there, name }: Sessions): Promise<PassingThrough> {
  const key = name();
  const [condition, other] = [here, there].map((machines) => machines.condition(machines.lock(key)));
  if (condition === undefined || other === undefined) throw new Error('there are two');
  let allowed = false;
  const state = watching();
  await state.watch('waits', waitersOf(there, key));
  await state.watch('locked', there.lock(key).locked$);
  const allow = () => {
    allowed = true;
    other.notifyAll();
    return EMPTY;
  };
  return {
    open: awaitCondition(condition, () => true),
    shut: awaitCondition(condition, () => allowed),
    failing: awaitCondition(condition, (value) => {
      failAtTwo(value);
      return true;
    }),
    waits: () => Number(state.of('waits')) > 0,
    unblock: () => void of(0).pipe(withLock(other, allow)).subscribe(),
    free: () => Number(state.of('waits')) === 0 && state.of('locked') === false,
    end: async () => state.end(),
  };
}
