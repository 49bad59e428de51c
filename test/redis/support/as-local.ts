import { firstValueFrom } from 'rxjs';
import type { Machines } from 'rxjs-threading/redis';
import { Actor } from '../../fixtures/actors/actor.js';
import { perform } from '../../fixtures/actors/perform.js';
import type { Place } from './places.js';

/** A remote primitive as the batteries see a local one: what it tells is awaited. */
interface AsLocal {
  /** The same, by another session. */
  at(machines: Machines): AsLocal;
}

/** What `make` of a battery makes, by that session; the name is its own. */
export type Make = (machines: Machines, name: string, ...args: readonly never[]) => AsLocal;

export const lockAt: Make = (machines, name) => {
  const lock = machines.lock(name);
  return Object.assign(takable(lock), {
    at: (other: Machines) => lockAt(other, name),
    locked: () => lock.locked(),
  });
};

export const rlockAt: Make = (machines, name) => {
  const lock = machines.rlock(name);
  return Object.assign(takable(lock), {
    at: (other: Machines) => rlockAt(other, name),
    locked: () => lock.locked(),
  });
};

export const semaphoreAt: Make = (machines, name, permits = 1 as never) => {
  const semaphore = machines.semaphore(name, permits);
  const at = (other: Machines) => semaphoreAt(other, name, permits);
  return withState(Object.assign(takable(semaphore), { at }), {
    value: () => firstValueFrom(semaphore.value$),
  });
};

export const eventAt: Make = (machines, name) => {
  const event = machines.event(name);
  const waiting = async () => {
    const { things } = await machines.snapshot();
    return things.find((thing) => thing.name === name)?.waiters.length ?? 0;
  };
  return withState(
    {
      at: (other: Machines) => eventAt(other, name),
      set: () => event.set(),
      clear: () => event.clear(),
      isSet: () => event.isSet(),
      wait: (options: object) => event.wait(options),
    },
    { waiting },
  );
};

export const barrierAt: Make = (machines, name, parties, options) => {
  const barrier = machines.barrier(name, parties, options);
  return withState(
    {
      at: (other: Machines) => barrierAt(other, name, parties, options),
      parties,
      wait: (options: object) => barrier.wait(options),
      abort: () => barrier.abort(),
      reset: () => barrier.reset(),
    },
    {
      nWaiting: () => firstValueFrom(barrier.nWaiting$),
      broken: () => firstValueFrom(barrier.broken$),
    },
  );
};

type Takable = ReturnType<Machines['lock'] | Machines['rlock'] | Machines['semaphore']>;

function takable(one: Takable) {
  return withState(
    {
      acquire: (options: object) => one.acquire(options),
      hold: (options: object) => one.hold(options),
      release: () => one.release(),
    },
    { waiting: () => firstValueFrom(one.waiting$) },
  );
}

/** What is a property of a local one, asked for each time. */
function withState<T extends object>(one: T, state: Readonly<Record<string, () => unknown>>): T {
  for (const [name, get] of Object.entries(state)) Object.defineProperty(one, name, { get });
  return one;
}

interface Playing {
  readonly module: string;
  readonly name: string;
  readonly make: Make;
  readonly face: 'observable' | 'promise';
}

interface Bunch {
  readonly lists: readonly { readonly buffer: SharedArrayBuffer }[];
}

/** Plays a case, the lead by `a`, all others by `b`. Rejects with the first error of any of them. */
export async function playRemotely(place: Place, { module, name, make, face }: Playing): Promise<void> {
  const failed = new Int32Array(new SharedArrayBuffer(4));
  const others: Promise<void>[] = [];
  let things = 0;
  const thereOf = (shared: object) =>
    Object.fromEntries(
      Object.entries(shared).map(([key, one]) => [
        key,
        typeof one?.at === 'function' ? one.at(place.b) : one,
      ]),
    );
  const act = (): Actor => new Actor(face, stage);
  const begun = async (role: string, shared: object, lists: SharedArrayBuffer[]): Promise<void> => {
    try {
      await perform(module, name, role, act(), shared, lists);
    } catch (error) {
      Atomics.store(failed, 0, 1);
      throw error;
    }
  };
  const stage = {
    failed,
    make: (...args: never[]) => make(place.a, `${place.name}.${things++}`, ...args),
    start(role: string, count: number, shared: object, { lists }: Bunch): void {
      const buffers = lists.map(({ buffer }) => buffer);
      for (let nth = 0; nth < count; nth++) {
        const other = begun(role, thereOf(shared), buffers);
        other.catch(() => {});
        others.push(other);
      }
    },
    perform: (role: string, actor: Actor, shared: object) => perform(module, name, role, actor, shared),
  };
  const lead = begun('test', {}, []);
  // Of an actor that waits for another, the other's error is the reason.
  await lead.catch(async (error) => {
    await Promise.all(others);
    throw error;
  });
  await Promise.all(others);
}
