// Aligned marbles of the operators over primitives, with another thread that does what `peer` says: test/support/rounds.ts.
import { map, NEVER, of, Subject, tap } from 'rxjs';
import {
  awaitCondition,
  awaitEvent,
  Barrier,
  barrierZip,
  Condition,
  Event,
  Lock,
  Semaphore,
  timerDelay,
  withLock,
} from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { inRounds } from '../support/rounds.js';

describe.each([
  ['Lock', () => new Lock()],
  ['Semaphore', () => new Semaphore(1)],
])('withLock over a %s, with another thread,', (_, make) => {
  const steps = (lock: Lock | Semaphore) => ({
    a: { act: 'acquire', on: lock } as const,
    r: { act: 'release', on: lock } as const,
  });

  it('waits while the thread holds it, keeps what a faster source sends, and completes after it', async () => {
    const lock = make();
    await inRounds(({ hot, peer, expectObservable }) => {
      peer('             a----r---      ', steps(lock));
      const source = hot('--xyz|         ');
      const expected = '  -----(xyz|)    ';
      expectObservable(source.pipe(withLock(lock, (value) => of(value)))).toBe(expected);
    });
  });

  it('holds it against the thread for the life of a section, and gives it back at its end and error', async () => {
    const lock = make();
    await inRounds(({ hot, peer, expectObservable }) => {
      const section = hot('-----y|         ');
      const failing = hot('-----------#    ');
      const source = hot(' -x              ');
      const later = hot('  ---------z      ');
      peer('              ---a---r---a--r', steps(lock));
      expectObservable(source.pipe(withLock(lock, () => section)), '--------!').toBe('-----y');
      expectObservable(later.pipe(withLock(lock, () => failing))).toBe('-----------#');
    });
    expect(lock.waiting).toBe(0);
  });

  it('left while it waits, takes nothing; left while it holds, lets the thread in', async () => {
    const lock = make();
    await inRounds(({ hot, peer, expectObservable }) => {
      const source = hot('    -x---           ');
      const leave = '         ---!            ';
      const holding = hot('   ------y---      ');
      const leaveLater = '    ----------!     ';
      const section = withLock<string, typeof NEVER>(lock, () => NEVER);
      peer('                 a---r---a---r---', steps(lock));
      expectObservable(source.pipe(section), leave).toBe('');
      expectObservable(holding.pipe(section), leaveLater).toBe('');
    });
    expect(lock.acquireSync({ blocking: false })).toBe(true);
  });

  it('comes anew each time, and takes what its own consumer sends, while the thread comes between', async () => {
    const lock = make();
    await inRounds(({ hot, peer, expectObservable }) => {
      const fed = new Subject<string>();
      const section = withLock(lock, (value: string) => of(value));
      peer('             a---r--a---r--', steps(lock));
      const source = hot('-x------y     ');
      const sendNext = (value: string) => fed.next(value);
      expectObservable(source.pipe(section, tap(sendNext)), ' -------------!').toBe('----x------y');
      expectObservable(source.pipe(section), '               -------------!').toBe('----x------y');
      expectObservable(fed.pipe(section), '                  -------------!').toBe('----x------y');
    });
    expect(lock.waiting).toBe(0);
  });
});

describe('awaitEvent, with another thread,', () => {
  const steps = (event: Event) => ({
    s: { act: 'set', on: event } as const,
    c: { act: 'clear', on: event } as const,
  });

  it('passes values while the thread has it set', async () => {
    const event = new Event();
    await inRounds(({ hot, peer, expectObservable }) => {
      peer('             ----s-----c----s---', steps(event));
      const source = hot('-a-b----d---e-f-----|');
      const expected = '  ----(ab)d------(ef)-|';
      expectObservable(source.pipe(awaitEvent(event))).toBe(expected);
    });
  });

  it('does not make an error wait, completes after what waits, and is left while it waits', async () => {
    const event = new Event();
    await inRounds(({ hot, peer, expectObservable }) => {
      peer('                 -----s', steps(event));
      const completing = hot('-a|   ');
      const failing = hot('   -a-#  ');
      const source = hot('    -a----|');
      const gate = awaitEvent<string>(event);
      expectObservable(completing.pipe(gate)).toBe('    -----(a|)');
      expectObservable(failing.pipe(gate)).toBe('       ---#');
      expectObservable(source.pipe(gate), '    ---!').toBe('');
      expectObservable(source.pipe(gate)).toBe('        -----a|');
    });
    expect(event.waiting).toBe(0);
  });
});

describe('barrierZip, with another thread,', () => {
  it('passes a round when the thread has come to it', async () => {
    const barrier = new Barrier(3);
    await inRounds(({ hot, peer, expectObservable }) => {
      peer('            ---m---m-----m   ', { m: { act: 'meet', on: barrier } });
      const left = hot(' -a--b----c|      ');
      const right = hot('--x------y---z---|');
      const expected = ' ---p-----q---(r|)';
      const values = { p: ['a', 'x'], q: ['b', 'y'], r: ['c', 'z'] };
      expectObservable(left.pipe(barrierZip(barrier, right))).toBe(expected, values);
    });
    expect(barrier.nWaiting).toBe(0);
  });

  it('withdraws when it fails and when it is left, and comes anew', async () => {
    const barrier = new Barrier(2);
    await inRounds(({ hot, peer, expectObservable }) => {
      peer('              -------m-', { m: { act: 'meet', on: barrier } });
      const source = hot(' ----a--c-');
      const failing = hot('-b-#     ');
      const single = map(([value]: [string]) => value);
      expectObservable(failing.pipe(barrierZip(barrier), single)).toBe('     ---#');
      expectObservable(source.pipe(barrierZip(barrier), single), '-----!').toBe('');
      const late = hot('   ------d|  ');
      expectObservable(late.pipe(barrierZip(barrier), single)).toBe('       -------(d|)');
    });
    expect(barrier.nWaiting).toBe(0);
    expect(barrier.broken).toBe(false);
  });
});

describe('timerDelay, with another thread,', () => {
  it('drops what waits when the thread cancels, and what comes until it clears', async () => {
    const cancel = new Event();
    await inRounds(({ scheduler, hot, peer, expectObservable }) => {
      peer('             -----s--c--------', {
        s: { act: 'set', on: cancel },
        c: { act: 'clear', on: cancel },
      });
      const source = hot('-a-b--c---d---e|  ');
      const expected = '  ----a--------d---(e|)';
      const delaying = timerDelay<string>(3, { cancel, scheduler });
      expectObservable(source.pipe(delaying)).toBe(expected);
      expectObservable(source.pipe(delaying), '---!').toBe('');
    });
    expect(cancel.waiting).toBe(0);
  });
});

describe('awaitCondition, with another thread,', () => {
  it('lets values go on when the thread has put what they need', async () => {
    const condition = new Condition();
    const cell = new SharedArrayBuffer(4);
    const cells = new Int32Array(cell);
    const take = () => {
      if ((cells[0] as number) === 0) return false;
      cells[0] = (cells[0] as number) - 1;
      return true;
    };
    await inRounds(({ hot, peer, expectObservable }) => {
      peer('              ----p--p----p-   ', { p: { act: 'put', on: { condition, cell } } });
      const orders = hot(' -abc----|        ');
      const failing = hot('-x-#             ');
      const expected = '   ----a--b----(c|) ';
      expectObservable(orders.pipe(awaitCondition(condition, take))).toBe(expected);
      expectObservable(failing.pipe(awaitCondition(condition, () => false))).toBe('---#');
      expectObservable(orders.pipe(awaitCondition(condition, () => false)), '------!').toBe('');
    });
    expect(condition.waiting).toBe(0);
    expect(condition.locked()).toBe(false);
    expect(cells[0]).toBe(0);
  });
});
