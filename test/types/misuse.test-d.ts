// Checked by `npm run types` alone: what must not compile.
import { EMPTY, of } from 'rxjs';
import type { Wait } from 'rxjs-threading';
import {
  awaitCondition,
  awaitEvent,
  Barrier,
  barrierZip,
  Condition,
  Event,
  fromHandle,
  Lock,
  Semaphore,
  Thread,
  Timer,
  timerDelay,
  withLock,
} from 'rxjs-threading';

const lock = new Lock();
const thread = new Thread({ target: (n: number) => n + 1, args: [1] });

// @ts-expect-error a name is a string
new Lock({ name: 1 });
// @ts-expect-error a lock's release takes no count
lock.release('now');
// @ts-expect-error the name is given once, to the constructor
lock.name = 'other';
// @ts-expect-error a lock is taken by acquire, not by assignment
lock.owner = 1;
// @ts-expect-error times are milliseconds, not texts
lock.acquire({ timeout: '1 s' });
// @ts-expect-error a blocked thread cannot hear an AbortSignal
lock.acquireSync({ signal: AbortSignal.timeout(1) });
// @ts-expect-error to hold is to wait: there is no Held of a lock that was not acquired
lock.hold({ blocking: false });
// @ts-expect-error acquire tells whether, hold hands out the Held
export const notHeld: Wait<{ release(): void }> = lock.acquire();

// @ts-expect-error the value is a number
new Semaphore('1');
// @ts-expect-error the value changes by acquire and release alone
new Semaphore().value = 2;
// @ts-expect-error an event is no lock for a condition
new Condition(new Event());
// @ts-expect-error notify takes how many; notifyAll wakes all
new Condition().notify('all');
// @ts-expect-error waitFor needs a predicate
new Condition().waitFor({ timeout: 1 });
// @ts-expect-error a barrier without parties
new Barrier();
// @ts-expect-error the parties are fixed
new Barrier(2).parties = 3;

// @ts-expect-error an ident is the library's to give
thread.ident = 7;
// @ts-expect-error a thread moves by start, not by assignment
thread.state = 'running';
// @ts-expect-error the target returns a number
export const notText: Wait<string> = thread.result();
// @ts-expect-error a timer needs something to run
new Timer(100);
// @ts-expect-error not every primitive can be acquired: narrow it first
fromHandle({}).acquire();

// @ts-expect-error an event is no lock
of(1).pipe(withLock(new Event(), () => EMPTY));
// @ts-expect-error the project returns what can be subscribed to
of(1).pipe(withLock(lock, (value) => value));
// @ts-expect-error the project is given the values of the source
of(1).pipe(withLock(lock, (value: string) => of(value)));
// @ts-expect-error a lock is no gate
of(1).pipe(awaitEvent(lock));
// @ts-expect-error how many are kept is a number, or 'all'
of(1).pipe(awaitEvent(new Event(), { keep: 'newest' }));
// @ts-expect-error the streams are Observables, or what becomes one
of(1).pipe(barrierZip(new Barrier(2), 5));
// @ts-expect-error the interval is a number of ms
of(1).pipe(timerDelay('1 s'));
// @ts-expect-error what cancels from any thread is an Event
of(1).pipe(timerDelay(5, { cancel: EMPTY }));
// @ts-expect-error the predicate is given the values of the source
of(1).pipe(awaitCondition(new Condition(), (value: string) => value === ''));
