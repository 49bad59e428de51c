// Checked by `npm run types` alone: the arguments of a thread are those of its target, wherever the two meet.
import { type Observable, of } from 'rxjs';
import {
  type ModuleTarget,
  runInThread,
  type Target,
  Thread,
  ThreadLocal,
  ThreadPool,
  Timer,
  threadMap,
  threadModule,
  type Wait,
} from 'rxjs-threading';

interface Jobs {
  greet(name: string): string;
  greetMaybe(name?: string): string;
  sum(...numbers: number[]): number;
  count(): Generator<number>;
}
const jobs = threadModule<Jobs>('jobs');
const pool = new ThreadPool();
declare const anyTarget: Target;
declare const maybe: [string] | undefined;
declare const perhaps: [name?: string] | undefined;

// ─── what fits ──────────────────────────────────────────────────────────────────────────────────

export const fits: [Thread<string>, Thread<number>, Thread<Generator<number>>, Thread, Thread] = [
  new Thread({ target: jobs.greet, args: ['Ada'] }),
  new Thread({ target: jobs.sum, args: [1, 2, 3] }),
  new Thread({ target: jobs.count }),
  new Thread(),
  new Thread({ name: 'idle' }),
];
/** As of any promise, a handler of errors may say which it takes. */
export const handled: Promise<string> = pool
  .run(jobs.greet, ['Ada'])
  .then(null, (error: Error) => error.message);
export const results: [Wait<string>, Wait<number>, Wait<number>, Wait<number>] = [
  new Thread({ target: jobs.greet, args: ['Ada'] }).result(),
  new Thread({ target: (a: number, b: string) => a * b.length, args: [2, 'b'] }).result(),
  new Thread({ target: jobs.count, args: [] }).result(),
  // The parameters of an inline target have the types of the arguments.
  new Thread({ target: (n) => n * 2, args: [21] }).result(),
];
new Thread({ target: jobs.greetMaybe });
new Thread({ target: jobs.greetMaybe, args: ['Ada'] });
new Thread({ target: jobs.greetMaybe, args: perhaps });
new Thread({ target: jobs.sum });
new Thread({ target: anyTarget });
new Thread({ target: anyTarget, args: [1, 'two'] });
new Thread({ target: undefined, args: undefined, name: undefined, daemon: undefined, pool: undefined });
new Thread({ target: { module: 'node:path', export: 'basename' }, args: ['a/b'] });
new Thread({ target: { module: 'node:os', export: 'uptime' } });
export const list: Thread[] = fits;

new Timer(10, jobs.greet, ['Ada']);
new Timer(10, jobs.count);
new Timer(10, jobs.count, [], { daemon: true });
new Timer(10, jobs.count, undefined, { daemon: true });
new Timer(10, (n) => n * 2, [21]);

export const streams: [Observable<string>, Observable<number>, Observable<number>] = [
  runInThread(jobs.greet, ['Ada'], { pool }),
  runInThread(jobs.count),
  runInThread((n) => n * 2, [21]),
];
export const waits: [Wait<string>, Wait<number>, Wait<number>] = [
  pool.run(jobs.greet, ['Ada'], { name: 'greeting' }),
  pool.run(jobs.count, undefined, { name: undefined }),
  pool.run((n) => n * 2, [21]),
];

/** A subclass takes and passes on what it likes. */
export class Worker extends Thread<number> {
  static readonly module: string = 'file:///worker.js';
  readonly to: number;
  constructor(to: number) {
    super({ name: `to ${to}`, daemon: true });
    this.to = to;
  }
  override run(): number {
    return this.to;
  }
}
export class Repeated<R> extends Timer<R> {
  constructor(target: Target<readonly unknown[], R>) {
    super(100, target, [1]);
  }
}
export class Typed<R, A extends readonly unknown[]> extends Thread<R, A> {}
new Typed({ target: jobs.greet, args: ['Ada'] });

/** Code that has a target and its arguments, whatever they are. */
export function start<A extends readonly unknown[], R>(
  target: Target<A, R>,
  args: readonly [...A],
): Thread<R> {
  void pool.run(target, args);
  runInThread(target, args);
  new Timer(10, target, args);
  return new Thread({ target, args });
}

// ─── what does not ──────────────────────────────────────────────────────────────────────────────

// @ts-expect-error the name is a string
new Thread({ target: jobs.greet, args: [1] });
// @ts-expect-error the name is missing
new Thread({ target: jobs.greet, args: [] });
// @ts-expect-error so it is when all arguments are left out
new Thread({ target: jobs.greet });
// @ts-expect-error and when they may be undefined
new Thread({ target: jobs.greet, args: maybe });
// @ts-expect-error one argument too many
new Thread({ target: jobs.greet, args: ['Ada', 2] });
// @ts-expect-error an inline target is checked as well
new Thread({ target: (a: number) => a, args: ['x'] });
// @ts-expect-error and needs its arguments
new Thread({ target: (a: number) => a });
// @ts-expect-error a constrained parameter
new Thread({ target: <T extends string>(a: T) => a, args: [1] });
// @ts-expect-error one of the rest is no number
new Thread({ target: jobs.sum, args: [1, '2'] });
// @ts-expect-error a subclass checks what it passes on
new Typed({ target: jobs.greet, args: [1] });

// @ts-expect-error the name is a string
new Timer(10, jobs.greet, [1]);
// @ts-expect-error the name is missing
new Timer(10, jobs.greet);
// @ts-expect-error the timer has the target and the arguments already
new Timer(10, jobs.count, [], { target: jobs.count });

// @ts-expect-error the name is a string
runInThread(jobs.greet, [1]);
// @ts-expect-error the name is missing
runInThread(jobs.greet);
// @ts-expect-error there is no such option
runInThread(jobs.greet, ['Ada'], { nam: 'greeting' });

// @ts-expect-error the name is a string
pool.run(jobs.greet, [1]);
// @ts-expect-error the name is missing
pool.run(jobs.greet);
// @ts-expect-error options come third
pool.run(jobs.count, { name: 'counting' });

// @ts-expect-error the values of the source are numbers, the target's are strings
of(1).pipe(threadMap(jobs.greet));
// @ts-expect-error a target that needs two
export const two: ModuleTarget<[], string> = threadModule<{ two(a: 1, b: 2): string }>('two').two;

// ─── values of a thread's own ───────────────────────────────────────────────────────────────────

const requests = new ThreadLocal(() => 0);
requests.value += 1;
export const count: number = requests.value;
const last = new ThreadLocal<string | undefined>();
last.value = 'a';
export const length: number = last.value.length;
new ThreadLocal().value = 1;

// @ts-expect-error without an initial the value begins as undefined, which is no string
new ThreadLocal<string>();
// @ts-expect-error the initial makes a number
new ThreadLocal<string>(() => 1);
// @ts-expect-error the value is a number
requests.value = 'one';
