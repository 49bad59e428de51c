import { Condition, Event, Lock, Thread } from 'rxjs-threading';
import { afterEach, describe, expect, it } from 'vitest';
import { readTime, writeTime } from '../../src/primitives/memory/time.js';
import { add, load, store } from '../../src/primitives/memory/word.js';
import { getIdent } from '../../src/primitives/threads/current-ident.js';
import { EVENT_WORDS } from '../../src/primitives/threads/event-ring.js';
import {
  type EventsRead,
  readEvents,
  type ThreadEvent,
  writeEvent,
} from '../../src/primitives/threads/events.js';
import { MOST_EVENTS, RING, reserve } from '../../src/primitives/threads/reserve.js';
import { RING_HEAD, table } from '../../src/primitives/threads/table.js';
import { EVENTS, watches } from '../../src/primitives/threads/trace-flag.js';
import { watchAs } from '../../src/primitives/threads/watching.js';

const idOf = (primitive: object): number => (primitive as { id: number }).id;
const main = getIdent();
let { cursor } = readEvents();
let stop: (() => void) | undefined;

function look(): void {
  stop = watchAs(EVENTS);
  ({ cursor } = readEvents());
}

/** The events since the last reading. */
function read(): readonly ThreadEvent[] {
  const { events, ...more } = readEvents(cursor);
  expect(more.lost).toBe(0);
  cursor = more.cursor;
  return events;
}

afterEach(() => {
  stop?.();
  stop = undefined;
  expect(watches(EVENTS)).toBe(false);
});

describe('the ring of events', () => {
  it('is not written to while nobody looks', () => {
    writeEvent('finding', main);
    expect(read()).toEqual([]);
    look();
    writeEvent('finding', main);
    expect(read()).toMatchObject([{ event: 'finding', ident: main, primitive: null, by: null, face: null }]);
    stop?.();
    writeEvent('finding', main);
    expect(read()).toEqual([]);
  });

  it('has the waits of a thread, who had what it waited for, and who has let it go', async () => {
    look();
    const lock = new Lock();
    lock.acquireSync();
    const target = (lock: Lock) => lock.acquireSync({ timeout: 10 }) || lock.acquireSync();
    const thread = new Thread({ target, args: [lock] }).start();
    const events: ThreadEvent[] = [];
    while (events.filter(({ event }) => event === 'wait').length < 2) {
      events.push(...read());
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    lock.release();
    await thread.join();
    const { ident } = thread;
    const [primitive, face] = [idOf(lock), 'blocking'];
    const own = [...events, ...read()].filter(
      (event) => event.primitive === primitive || event.ident === ident,
    );
    expect(own).toMatchObject([
      { ident, event: 'start', primitive: null, face: null },
      { ident, event: 'wait', primitive, by: main, face },
      { ident, event: 'timeout', primitive, by: null, face },
      { ident, event: 'wait', primitive, by: main, face },
      { ident: main, event: 'release', primitive, face: null },
      { ident, event: 'woken', primitive, by: main, face },
      { ident, event: 'end', primitive: null },
    ]);
    const times = own.map(({ time }) => time);
    expect(times[0]).toBeGreaterThan(0);
    // From the start: the 10 ms of the wait begin before it is told of.
    expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(9);
  });

  it('has the waits of Observables, and those that are left', async () => {
    const event = new Event();
    look();
    event.wait().subscribe().unsubscribe();
    const waiting = event.wait().then((set) => set);
    event.set();
    await waiting;
    const [primitive, face] = [idOf(event), 'observable'];
    expect(read()).toMatchObject([
      { event: 'wait', primitive, face },
      { event: 'left', primitive, face },
      { event: 'wait', primitive, face },
      { event: 'set', primitive, face: null },
      { event: 'woken', primitive, face, by: main },
    ]);
  });

  it('has what is notified', async () => {
    const condition = new Condition(new Lock());
    await condition.acquire();
    look();
    const waiting = condition.wait().then((notified) => notified);
    await condition.acquire();
    condition.notify();
    condition.release();
    expect(await waiting).toBe(true);
    const own = read().filter(({ primitive }) => primitive === idOf(condition));
    expect(own.map(({ event, by }) => [event, by])).toEqual([
      ['wait', null],
      ['notify', null],
      ['woken', main],
    ]);
  });

  it('has threads that are killed', async () => {
    look();
    const thread = new Thread({
      target: () => {
        for (;;);
      },
      daemon: true,
    }).start();
    const events: ThreadEvent[] = [];
    while (!events.some(({ event }) => event === 'start')) {
      events.push(...read());
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await thread.terminate();
    expect(read()).toMatchObject([{ event: 'killed', ident: thread.ident }]);
  });

  it('ends the reading at an event that is being written, and gives it up once its writer must be dead', () => {
    look();
    const place = RING + (add(table, RING_HEAD, 1) % MOST_EVENTS) * EVENT_WORDS;
    const before = load(reserve(), place);
    store(reserve(), place, before + 1);
    writeEvent('finding', main, 1);
    const first = readEvents(cursor);
    expect(first).toEqual({ events: [], cursor, lost: 0 });
    const time = readTime(reserve(), place + EVENT_WORDS + 1);
    writeTime(reserve(), place + EVENT_WORDS + 1, time - 2_000_000);
    expect(readEvents(cursor)).toMatchObject({ events: [{ primitive: 1 }], lost: 1 });
    store(reserve(), place, before + 2);
  });

  it('tells how many events were overwritten before they were read', () => {
    look();
    for (let n = 0; n < MOST_EVENTS + 10; n++) writeEvent('finding', main, n + 1);
    const all: EventsRead = readEvents(cursor);
    expect(all.lost).toBe(10);
    expect(all.events.map(({ primitive }) => primitive)).toEqual(
      Array.from({ length: MOST_EVENTS }, (_, n) => n + 11),
    );
    expect(readEvents(all.cursor)).toEqual({ events: [], cursor: all.cursor, lost: 0 });
    expect(readEvents().events).toHaveLength(MOST_EVENTS);
  });
});
