import { lastValueFrom } from 'rxjs';
import { Event, Lock, Semaphore, Thread, type ThreadWait, Wait, waits } from 'rxjs-threading';
import { afterEach, describe, expect, it } from 'vitest';

const leave: (() => void)[] = [];
afterEach(() => {
  for (const one of leave.splice(0)) one();
});

describe('the names that tell what a thread waits for', () => {
  it.each([
    ['letters', 'a'],
    ['characters of two bytes', 'é'],
    ['characters of three bytes', '線'],
    ['characters of four bytes', '\u{1f9f5}'],
  ])('are cut between characters: %s', (_, character) => {
    for (let before = 0; before < 4; before++) {
      const name = 'x'.repeat(before) + character.repeat(100);
      const event = new Event({ name });
      const waiting = event.wait().subscribe();
      leave.push(() => waiting.unsubscribe());
      const told = waits().find(({ primitive }) => primitive === (event as unknown as { id: number }).id);
      expect(told?.name).toMatch(new RegExp(`^x{${before}}(?:${character}){5,}$`, 'u'));
      expect(event.name).toBe(name);
    }
  });
});

const idOf = (primitive: object): number => (primitive as { id: number }).id;

/** The waits for it, once there is one. */
async function waitsFor(primitive: Lock | Semaphore | Event): Promise<ThreadWait[]> {
  for (;;) {
    const found = waits().filter((wait) => wait.primitive === idOf(primitive));
    if (found.length > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** ms on the clock of waits. */
function clock(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

describe('what is told of a wait', () => {
  it('of a blocked thread: its number, when it began and gives up, the same at each look', async () => {
    const lock = new Lock({ name: 'ledger' });
    lock.acquireSync();
    const before = Math.floor(clock());
    const target = (lock: Lock) => [lock.acquireSync({ timeout: 60_000 }), lock.acquireSync({ timeout: 0 })];
    const thread = new Thread({ target, args: [lock] }).start();
    const [wait] = (await waitsFor(lock)) as [ThreadWait];
    expect(wait).toMatchObject({ name: 'ledger', count: 1, face: 'blocking', blocking: true });
    expect(wait.ident).toBe(thread.ident);
    expect(wait.owner).toBe(lock.owner);
    expect(Number.isInteger(wait.since) && Number.isInteger(wait.until)).toBe(true);
    expect(wait.since).toBeGreaterThanOrEqual(before);
    expect(wait.since).toBeLessThanOrEqual(clock());
    expect((wait.until ?? 0) - wait.since).toBeGreaterThanOrEqual(60_000);
    expect((wait.until ?? 0) - wait.since).toBeLessThanOrEqual(60_001);
    let later: ThreadWait | undefined;
    // It looks again, every 50 ms at the latest.
    while ((later?.looks ?? 0) < wait.looks + 2) [later] = await waitsFor(lock);
    expect({ ...later, looks: wait.looks }).toEqual(wait);
    lock.release();
    expect(await thread.result()).toEqual([true, false]);
  });

  it('of two waits of one thread, one after the other: two numbers', async () => {
    const [first, second] = [new Semaphore(0), new Semaphore(0)];
    const target = (...all: Semaphore[]) => {
      for (const each of all) each.acquireSync();
    };
    const thread = new Thread({ target, args: [first, second] }).start();
    const [one] = (await waitsFor(first)) as [ThreadWait];
    first.release();
    const [other] = (await waitsFor(second)) as [ThreadWait];
    second.release();
    await thread.join();
    expect(one.until).toBeNull();
    expect(other.id).toBe(one.id + 1);
  });

  it('of Observable waits: that of the one which is served first', async () => {
    const lock = new Lock();
    lock.acquireSync();
    const tell = (): ThreadWait[] => waits().filter(({ primitive }) => primitive === idOf(lock));
    const waiting = [60_000, undefined, 90_000].map((timeout) => {
      const ends: unknown[] = [];
      lock.acquire({ timeout }).subscribe((end) => ends.push(end));
      return ends;
    });
    const [first] = tell() as [ThreadWait];
    expect(tell()).toEqual([first]);
    expect(first).toMatchObject({ count: 3, face: 'observable', blocking: false, owner: lock.owner });
    expect((first.until ?? 0) - first.since).toBeGreaterThanOrEqual(60_000);
    lock.release();
    await Promise.resolve();
    expect(waiting.map(({ length }) => length)).toEqual([1, 0, 0]);
    const [second] = tell() as [ThreadWait];
    expect(second).toMatchObject({ count: 2, until: null });
    expect(second.id).not.toBe(first.id);
    for (let left = 2; left > 0; left--) {
      lock.release();
      await Promise.resolve();
    }
    expect(tell()).toEqual([]);
    lock.release();
  });

  it('of a thread that is joined: its end, until when, and who joins', async () => {
    const gate = new Event();
    const joined = new Thread({
      name: 'joined',
      target: (gate: Event) => gate.waitSync(),
      args: [gate],
    }).start();
    const target = (joined: Thread) => joined.joinSync({ timeout: 60_000 });
    const joins = new Thread({ target, args: [joined] }).start();
    const [wait] = await new Promise<ThreadWait[]>((resolve) => {
      const look = setInterval(() => {
        const found = waits().filter(({ ident }) => ident === joins.ident);
        if (found.length === 0) return;
        clearInterval(look);
        resolve(found);
      }, 1);
    });
    expect(wait).toMatchObject({
      name: 'joined',
      owner: joined.ident,
      face: 'blocking',
      primitive: -(joined.ident ?? 0),
    });
    expect((wait?.until ?? 0) - (wait?.since ?? 0)).toBeGreaterThanOrEqual(60_000);
    gate.set();
    expect(await joins.result()).toBe(true);
  });
});

describe('waits for more primitives than the table of them has room for', () => {
  it('end as all others, and count again when there is room', async () => {
    const events = Array.from({ length: 65_600 }, () => new Event());
    let ended = 0;
    const waiting = events.map((event) => event.wait().subscribe(() => ended++));
    expect([events[0]?.waiting, events.at(-1)?.waiting]).toEqual([1, 0]);
    expect(waits()).toHaveLength(65_536);
    waiting[0]?.unsubscribe();
    const late = new Event();
    waiting.push(late.wait().subscribe(() => ended++));
    expect(late.waiting).toBe(1);
    for (const event of [...events, late]) event.set();
    expect(ended).toBe(65_600);
    expect(waits()).toEqual([]);
  });
});

describe('a signal of another realm', () => {
  class ForeignSignal extends EventTarget {
    aborted = false;
    reason: unknown = undefined;

    abort(reason: unknown): void {
      this.aborted = true;
      this.reason = reason;
      this.dispatchEvent(new globalThis.Event('abort'));
    }
  }

  it('ends a wait as one of this realm does', async () => {
    const signal = new ForeignSignal();
    const event = new Event();
    const wait = Promise.resolve(event.wait({ signal: signal as never }));
    const reason = new Error('enough');
    signal.abort(reason);
    await expect(wait).rejects.toBe(reason);
    expect(event.waiting).toBe(0);
    await expect(Promise.resolve(event.wait({ signal: signal as never }))).rejects.toBe(reason);
  });

  it.each([{ aborted: false }, new EventTarget(), 'abort'])('is none without all of it: %s', (signal) => {
    expect(() => new Event().wait({ signal: signal as never })).toThrow(/signal must be an AbortSignal, got/);
  });
});

it('a Wait of one’s own begins by a function', () => {
  expect(() => new Wait(5 as never)).toThrow(/^begin must be a function, got 5/);
  expect(() => new Wait(undefined as never)).toThrow(/got undefined/);
});

it('a Wait of one’s own whose begin throws fails by it, unless it has ended', async () => {
  const wait = (ended: boolean) =>
    new Wait<number>((settle) => {
      if (ended) settle.resolve(1);
      throw new Error('no begin');
    });
  await expect(wait(false).then()).rejects.toThrow('no begin');
  await expect(lastValueFrom(wait(false))).rejects.toThrow('no begin');
  expect(await wait(true).then()).toBe(1);
  expect(await lastValueFrom(wait(true))).toBe(1);
});
