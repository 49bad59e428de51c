import type { Cells } from '../../../src/primitives/memory/word.js';
import { RECHECK_MS } from '../../../src/primitives/waiting/event-loop.js';
import type { Begin, Settle } from '../../../src/primitives/waiting/wait.js';
import { addressOf, asCells } from './memory-map.js';
import { PARK_RESULTS } from './operation.js';
import type { Port } from './port.js';
import { processModules } from './simulated-process.js';

/** Idents of the simulated threads follow their indices. */
export const FIRST_IDENT = 1;

/** What takes the place of the modules that reach outside: every word, all time and all liveness go to the port. */
export function simulatedModules(port: Port): Record<string, object> {
  const time = (): number => port.perform({ does: 'time' });
  const threads = port.process === undefined ? stubs(port, time) : processModules(port, port.process);
  return {
    word: simulatedWord(port),
    'event-loop': {
      RECHECK_MS,
      now: time,
      soon: (run: () => void) => port.loop.soon(run),
      nextTurn: (run: () => void) => port.loop.nextTurn(run),
      after: (ms: number, run: () => void) => port.loop.after(time() + ms, ms, run),
      recheckPeriodically: (one: { recheck(): boolean }) => port.loop.recheckPeriodically(one),
      keepAlive: () => {},
    },
    // Of use to inspection, tracing and streams alone.
    'wait-graph': { countWaiting: () => 0 },
    'wait-record': { block: () => {}, blockedBy: () => {}, unblock: () => {}, WaitRecord },
    contention: { contended: () => -1, noteFact: () => {}, ownerDied: () => {} },
    'noted-wait': { noteWakeUp: () => {}, waitBegins: () => -1, waitEnds: () => 0 },
    'thread-notes': { clearNotes: () => {}, notePool: () => {}, noteSleep: () => {}, noteState: () => {} },
    events: { writeEvent: () => {} },
    'wait-site': { siteHere: () => 0 },
    channels: { ownerDeaths: { hasSubscribers: false }, tellHoldEnds: () => {} },
    announcer: { announce: () => {} },
    trace: { levels: () => 0, tracing: () => false, emit: () => {} },
    bus: { drainTraces: () => {} },
    'state-stream': { valueStream: () => undefined },
    wait: { Wait: SimulatedWait },
    ...threads,
    target: {
      checkTarget: () => {},
      packTarget: (target: unknown) => target,
      unpackTargetSync: (target: unknown) => target,
    },
  };
}

/** In place of the table of threads: idents follow the indices. */
function stubs(port: Port, time: () => number): Record<string, object> {
  let primitives = 0;
  const lives = (ident: number): boolean =>
    port.perform({ does: 'lives', thread: ident - FIRST_IDENT }) === 1;
  return {
    table: { clock: time, nextPrimitiveId: () => ++primitives },
    'trace-flag': { watches: () => false },
    'current-ident': { getIdent: () => port.thread + FIRST_IDENT, onThreadEnd: () => {} },
    liveness: { isAlive: lives, hasDied: (ident: number) => !lives(ident), noticeDeaths: () => {} },
    'cancel-flag': {
      throwIfCancelled: () => {
        if (port.perform({ does: 'cancelled' }) === 1) throw new Error('cancelled');
      },
    },
  };
}

class WaitRecord {
  set(): void {}
  first(): void {}
  owner(): void {}
}

/** A wait as the tests start it: nothing between them and the primitive. */
export class SimulatedWait<T> {
  readonly begin: (settle: Settle<T>) => unknown;

  constructor(begin: Begin<T>) {
    this.begin = begin;
  }
}

function simulatedWord(port: Port): object {
  const perform = port.perform.bind(port);
  const known = (): number | undefined => port.known?.();
  const allocate = (words: number): Cells => {
    const cells = port.allocator?.allocate('cells', words) ?? port.reserved?.(words);
    if (cells === undefined) throw new Error('a thread of a scenario has no words for a primitive');
    return asCells(cells);
  };
  return {
    // Each look is the same, and leaves nothing behind that the next one does not.
    LOOKS_BEFORE_PARK: 1,
    allocate,
    allocateWithReserve: allocate,
    firstWords: (buffer: unknown) => buffer ?? null,
    wholeOf: (cells: Cells) => cells,
    viewOf: (buffer: unknown) => buffer ?? null,
    isShared: () => false,
    // An arena for the slots of two primitives: 8 words of its own, and for each the first 8 slots of 8 words.
    allocateGrowable: () => allocate(8 + 2 * 8 * 8),
    grow: () => false,
    load: (cells: Cells, index: number) => known() ?? perform({ does: 'load', at: addressOf(cells, index) }),
    peek: (cells: Cells, index: number) => known() ?? perform({ does: 'peek', at: addressOf(cells, index) }),
    store: (cells: Cells, index: number, by: number) =>
      void (known() ?? perform({ does: 'store', at: addressOf(cells, index), by })),
    add: (cells: Cells, index: number, by: number) =>
      known() ?? perform({ does: 'add', at: addressOf(cells, index), by }),
    or: (cells: Cells, index: number, by: number) =>
      known() ?? perform({ does: 'or', at: addressOf(cells, index), by }),
    and: (cells: Cells, index: number, by: number) =>
      known() ?? perform({ does: 'and', at: addressOf(cells, index), by }),
    exchange: (cells: Cells, index: number, by: number) =>
      known() ?? perform({ does: 'exchange', at: addressOf(cells, index), by }),
    compareExchange: (cells: Cells, index: number, expected: number, by: number) =>
      known() ?? perform({ does: 'compareExchange', at: addressOf(cells, index), expected, by }),
    park: (cells: Cells, index: number, expected: number, ms: number) =>
      PARK_RESULTS[known() ?? perform({ does: 'park', at: addressOf(cells, index), expected, ms })],
    parkAsync: (cells: Cells, index: number, expected: number, woken: () => void) => {
      const id = port.loop.nextId();
      const parked = known() ?? perform({ does: 'parkAsync', at: addressOf(cells, index), expected, id });
      if (parked === 0) return false;
      port.loop.sleeps(id, woken);
      return true;
    },
    wake: (cells: Cells, index: number, count = Number.POSITIVE_INFINITY) =>
      void (known() ?? perform({ does: 'wake', at: addressOf(cells, index), count })),
  };
}
