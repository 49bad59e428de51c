import { performance } from 'node:perf_hooks';
import { now } from '../../primitives/waiting/event-loop.js';
import { acted, arrive, restart, timedOut } from './barrier.js';
import { notifyOnce, wait } from './condition.js';
import { awaitSet, change } from './event.js';
import { acquire, release } from './held.js';
import { expire, join, leave, members, nextLook, snapshot, sweep, watch } from './session.js';
import { MemoryState } from './state.js';

/**
 * One namespace of the engine in memory: what script/*.lua does, over plain objects, one operation after the other. It is
 * the model that the script is tested against: the same answers, the same messages. script/names.lua tells both.
 *
 * Invariants: a thing has no more holders than permits; outside the grace nothing is free while somebody waits whose session
 * lives; a session has an entry for each place that it has in a thing, and no other of those that wait or hold.
 */
export class MemorySpace {
  readonly state: MemoryState;

  /**
   * @param tell - sends a message to a session
   * @param clock - µs since the epoch
   */
  constructor(
    tell: (session: string, message: string) => void,
    clock: () => number = () => Math.floor((performance.timeOrigin + now()) * 1000),
  ) {
    this.state = new MemoryState(tell, clock);
  }

  /** @throws Error for an operation that there is not */
  call(operation: string, args: readonly string[]): string[] {
    return this.state.during(() => this.#answer(operation, args));
  }

  #answer(operation: string, args: readonly string[]): string[] {
    const { state } = this;
    const [s = '', n = '', k = '', a = '', b = ''] = args;
    switch (operation) {
      case 'hello':
        return join(state, true, args);
      case 'renew':
        return join(state, false, args);
      case 'sweep':
        sweep(state);
        return [nextLook(state, s)];
      case 'bye':
        expire(state, s, n === '1');
        return ['1'];
      case 'acquire':
        return acquire(state, s, n, k, a, b !== '0');
      case 'release':
        return [release(state, s, n, k) ? '1' : '0'];
      case 'mint':
        return [`${state.mintAll(Number(s))}`];
      case 'leave':
        return leave(state, s, n, k, a === '1');
      case 'set':
        return change(state, s, n, k, true);
      case 'clear':
        return change(state, s, n, k, false);
      case 'await':
        return awaitSet(state, s, n, k, a);
      case 'arrive':
        return arrive(state, s, n, k, a, b === '1');
      case 'acted':
        return acted(state, s, n, k, a === '1');
      case 'withdraw':
        return timedOut(state, s, n, k);
      case 'abort':
        return restart(state, s, n, k, true);
      case 'reset':
        return restart(state, s, n, k, false);
      case 'wait':
        return wait(state, s, n, k, a);
      case 'notify':
        return notifyOnce(state, s, n, k, Number(a));
      case 'watch':
        return watch(state, s, k);
      case 'unwatch':
        state.drop(s, k, '*');
        state.unwatch(s, k);
        return ['1'];
      case 'state':
        return state.lines(k);
      case 'owned':
        return [...(state.sessions.get(s)?.owned ?? [])].flat();
      case 'members':
        return members(state);
      case 'snapshot':
        return snapshot(state);
    }
    throw new Error(`unknown operation ${operation}`);
  }
}
