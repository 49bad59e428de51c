import { Barrier, Event, Thread } from 'rxjs-threading';
import { expect, it } from 'vitest';

/** Of `Atomics.wait`, or of what else a look costs: a thread that sleeps makes one each 50 ms and some for each change. */
const mostLooks = (ms: number): number => 24 + ms / 50;

/** Meets at the barrier, whose action waits for `gate`. */
function meet(barrier: Barrier, gate: Event, acting: Event): number {
  Object.assign(globalThis, { gate, acting });
  return barrier.waitSync();
}

/** The same; how often it looked, and for how many ms it waited. */
function meetLate(barrier: Barrier, gate: Event, acting: Event): [index: number, looks: number, ms: number] {
  Object.assign(globalThis, { gate, acting });
  const { wait } = Atomics;
  const began = performance.now();
  let looks = 0;
  Atomics.wait = ((...args: Parameters<typeof wait>) => {
    looks++;
    return wait(...args);
  }) as typeof wait;
  try {
    return [barrier.waitSync(), looks, performance.now() - began];
  } finally {
    Atomics.wait = wait;
  }
}

function action(): void {
  const { gate, acting } = globalThis as unknown as { gate: Event; acting: Event };
  acting.set();
  gate.waitSync();
}

it('who comes while the action runs sleeps, in both faces, and belongs to the next round', async () => {
  const gate = new Event();
  const acting = new Event();
  const barrier = new Barrier(2, { action });
  const args = [barrier, gate, acting] as const;
  const first = [meet, meet].map((target) => new Thread({ target, args: [...args] }).start());
  await acting.wait();
  Object.assign(globalThis, { gate, acting });
  const { waitAsync } = Atomics;
  const began = performance.now();
  let looks = 0;
  Atomics.waitAsync = ((...given: Parameters<typeof waitAsync>) => {
    looks++;
    return waitAsync(...given);
  }) as typeof waitAsync;
  try {
    const mine = barrier.wait().then((index) => index);
    const late = new Thread({ target: meetLate, args: [...args] }).start();
    // The action waits for this timer of main.
    setTimeout(() => gate.set(), 300);
    expect((await Promise.all(first.map((thread) => thread.result()))).sort()).toEqual([0, 1]);
    const [index, itsLooks, ms] = await late.result();
    expect([index, await mine].sort()).toEqual([0, 1]);
    expect(itsLooks).toBeLessThan(mostLooks(ms));
    expect(looks).toBeLessThan(mostLooks(performance.now() - began));
  } finally {
    Atomics.waitAsync = waitAsync;
  }
});

it('tells every party of a round that is over, also behind one of the same thread that waits for the next', async () => {
  const gate = new Event();
  const acting = new Event();
  const barrier = new Barrier(2, { action });
  const args = [barrier, gate, acting] as const;
  const first = [meet, meet].map((target) => new Thread({ target, args: [...args] }).start());
  await acting.wait();
  Object.assign(globalThis, { gate, acting });
  const told: string[] = [];
  for (const name of ['a', 'b', 'c', 'd']) barrier.wait().subscribe(() => told.push(name));
  expect(told).toEqual([]);
  gate.set();
  await Promise.all(first.map((thread) => thread.result()));
  while (told.length < 4) await new Promise(setImmediate);
  expect(told.sort()).toEqual(['a', 'b', 'c', 'd']);
});

/** A Barrier of one, whose action another thread runs until `gate` is set. */
async function actedOn(): Promise<{ barrier: Barrier; gate: Event; actor: Thread }> {
  const [gate, acting] = [new Event(), new Event()];
  const barrier = new Barrier(1, { action });
  const actor = new Thread({ target: meet, args: [barrier, gate, acting] }).start();
  await acting.wait();
  return { barrier, gate, actor };
}

it('breaks for those who come late when the thread that runs the action dies', async () => {
  const { barrier, actor } = await actedOn();
  const late = expect(barrier.wait()).rejects.toThrow('died');
  await actor.terminate();
  await late;
});

it('arrives once, though its action has the waits looked at while its time is up', async () => {
  const { barrier, gate, actor } = await actedOn();
  // The action as the late party runs it.
  Object.assign(globalThis, { acting: { set: () => barrier.serve() }, gate: { waitSync: () => true } });
  await new Promise(setImmediate);
  const late = barrier.wait({ timeout: 0 }).then();
  setImmediate(() => {
    gate.set();
    // So its timer comes before what wakes it.
    for (const end = performance.now() + 5000; actor.isAlive() && performance.now() < end; );
  });
  expect(await late).toBe(0);
  expect(await barrier.wait({ timeout: 2000 })).toBe(0);
});

it('breaks when its action blocks for it, once the time of that is up', async () => {
  const target = async (): Promise<string[]> => {
    const { Barrier } = await import('rxjs-threading');
    const told: string[] = [];
    const wait = (timeout?: number): void => {
      try {
        barrier.waitSync({ timeout });
      } catch (error) {
        told.push((error as Error).message.replace(barrier.name, 'it'));
      }
    };
    const barrier = new Barrier(1, { action: () => wait(20) });
    wait();
    return told;
  };
  await using thread = new Thread({ target }).start();
  expect(await thread.result({ timeout: 10_000 })).toEqual([
    'it is broken',
    'it was broken during its action',
  ]);
});
