/** What a thread is about to do to the memory that all threads share. */
export type Operation =
  /** `peek`: a load that may show what the word was a moment ago. */
  | { readonly does: 'load' | 'peek'; readonly at: number }
  | { readonly does: 'store' | 'add' | 'or' | 'and' | 'exchange'; readonly at: number; readonly by: number }
  | {
      readonly does: 'compareExchange';
      readonly at: number;
      readonly expected: number;
      readonly by: number;
    }
  | { readonly does: 'park'; readonly at: number; readonly expected: number; readonly ms: number }
  | { readonly does: 'parkAsync'; readonly at: number; readonly expected: number; readonly id: number }
  | { readonly does: 'wake'; readonly at: number; readonly count: number }
  /** Reads the simulated clock, asks whether it has been cancelled: part of the step before. */
  | { readonly does: 'time' | 'cancelled' }
  /** Asks whether a thread, by its index, is alive. */
  | { readonly does: 'lives'; readonly thread: number }
  /** Of the test's own bookkeeping: goes into a region that so many may be in, and leaves it. */
  | { readonly does: 'enter' | 'exit'; readonly region: number };

/** What a word holds after an operation; undefined when that changes nothing. */
export function written(operation: Operation, before: number): number | undefined {
  switch (operation.does) {
    case 'store':
    case 'exchange':
      return operation.by;
    case 'add':
      return (before + operation.by) | 0;
    case 'or':
      return before | operation.by;
    case 'and':
      return before & operation.by;
    case 'compareExchange':
      return before === operation.expected ? operation.by : undefined;
    default:
      return undefined;
  }
}

/** What `park` comes to, as the number that is recorded. */
export const PARK_RESULTS = ['ok', 'not-equal', 'timed-out'] as const;
export const OK = 0;
export const NOT_EQUAL = 1;
export const TIMED_OUT = 2;

/** ms that a thread sleeps at most before critical-section.ts looks again. */
export const NAP = 20;

/** What an idle event loop may run next. */
export type LoopEvent =
  | { readonly runs: 'turn' }
  | { readonly runs: 'recheck' }
  | { readonly runs: 'woken'; readonly id: number }
  /** Another thread, by its index, is no more. */
  | { readonly runs: 'ended'; readonly id: number }
  | { readonly runs: 'timer'; readonly id: number; readonly due: number; readonly looks: boolean }
  | { readonly runs: 'whenever'; readonly id: number; readonly label: string };

const EVENTS = ['turn', 'recheck', 'woken', 'timer', 'whenever', 'ended'] as const;

/** An event as the number that is recorded. */
export function encodeEvent(event: LoopEvent): number {
  return EVENTS.indexOf(event.runs) * 1000 + ('id' in event ? event.id : 0);
}

export function decodeEvent(code: number): { runs: LoopEvent['runs']; id: number } {
  return { runs: EVENTS[Math.floor(code / 1000)] as LoopEvent['runs'], id: code % 1000 };
}
