// Checked by `npm run types` alone: what the package exports is assignable to the contract beside this file.
import type { Observable } from 'rxjs';
import * as ours from 'rxjs-threading';
import type * as contract from './contract.js';

// ─── values ─────────────────────────────────────────────────────────────────────────────────────

// A class is compared by what its constructor takes and what its instances are; ours may have private members.
// Apart: compared below, on their own.
type Apart =
  | 'excepthook'
  | 'toHandle'
  | 'threadModule'
  | 'withLock'
  | 'awaitEvent'
  | 'barrierZip'
  | 'timerDelay'
  | 'awaitCondition'
  | 'threadMap'
  | 'threadPipe'
  | 'runInThread';

ours satisfies Omit<typeof contract, Apart>;

/** Parameters of a method are compared both ways: for functions that take a class of ours with private members. */
type AsMethod<F extends (...args: never[]) => unknown> = {
  method(...args: Parameters<F>): ReturnType<F>;
}['method'];

ours.excepthook satisfies AsMethod<typeof contract.excepthook>;
ours.toHandle satisfies AsMethod<typeof contract.toHandle>;
ours.withLock<number, string[]> satisfies AsMethod<typeof contract.withLock<number, string[]>>;
ours.withLock<number> satisfies AsMethod<typeof contract.withLock<number>>;
ours.awaitEvent<number> satisfies AsMethod<typeof contract.awaitEvent<number>>;
ours.barrierZip<number, [string]> satisfies AsMethod<typeof contract.barrierZip<number, [string]>>;
ours.timerDelay<number> satisfies AsMethod<typeof contract.timerDelay<number>>;
ours.awaitCondition<number> satisfies AsMethod<typeof contract.awaitCondition<number>>;
ours.threadPipe<number, string> satisfies AsMethod<typeof contract.threadPipe<number, string>>;
// Their pool may be of more kinds than the contract's.
ours.threadMap<number, string> satisfies (
  target: contract.Target<[number], string>,
  options?: Omit<contract.ThreadMapOptions<number>, 'pool'>,
) => ReturnType<typeof contract.threadMap<number, string>>;
ours.runInThread<[number], string> satisfies (
  target: contract.Target<[number], string>,
  args: readonly [number],
  options?: contract.RunOptions,
) => ReturnType<typeof contract.runInThread<[number], string>>;

/** Stands for a module of targets. */
interface Jobs {
  double(value: number): number;
  count(to: number): Observable<number>;
  readonly version: string;
}
ours.threadModule<Jobs> satisfies typeof contract.threadModule<Jobs>;

// ─── types ──────────────────────────────────────────────────────────────────────────────────────

type Assignable<From extends To, To> = [From, To];

/** What a user hands in: the contract's is taken. */
export type Taken = [
  Assignable<contract.WaitSyncOptions, ours.WaitSyncOptions>,
  Assignable<contract.WaitOptions, ours.WaitOptions>,
  Assignable<contract.AcquireSyncOptions, ours.AcquireSyncOptions>,
  Assignable<contract.AcquireOptions, ours.AcquireOptions>,
  Assignable<contract.PrimitiveOptions, ours.PrimitiveOptions>,
  Assignable<contract.BarrierOptions, ours.BarrierOptions>,
  Assignable<contract.Target<[number], string>, ours.Target<[number], string>>,
  Assignable<contract.Target, ours.Target>,
  Assignable<contract.ModuleTarget<[number], string>, ours.ModuleTarget<[number], string>>,
  Assignable<
    Omit<contract.ThreadOptions<[number], string>, 'pool'>,
    Omit<ours.ThreadOptions<[number], string>, 'pool'>
  >,
  Assignable<contract.TraceFunction, ours.TraceFunction>,
  Assignable<contract.WithLockOptions, ours.WithLockOptions>,
  Assignable<contract.AwaitEventOptions, ours.AwaitEventOptions>,
  Assignable<Omit<contract.TimerDelayOptions, 'cancel'>, Omit<ours.TimerDelayOptions, 'cancel'>>,
];

/** What a user gets: it is what the contract promises. */
export type Given = [
  Assignable<ours.Wait<number>, contract.Wait<number>>,
  Assignable<ours.Held, contract.Held>,
  Assignable<ours.Acquirable, contract.Acquirable>,
  Assignable<ours.Target<[number], string>, contract.Target<[number], string>>,
  Assignable<ours.ModuleTarget<[number], string>, contract.ModuleTarget<[number], string>>,
  Assignable<ours.ThreadModule<Jobs>, contract.ThreadModule<Jobs>>,
  Assignable<ours.Emitted<Observable<string>>, string>,
  Assignable<ours.Emitted<AsyncIterable<string>>, string>,
  Assignable<ours.Emitted<Generator<string, number, unknown>>, string>,
  Assignable<ours.Emitted<Promise<string>>, string>,
  // As it runs; the contract's own type stops at the promise.
  Assignable<ours.Emitted<Promise<Observable<string>>>, string>,
  Assignable<ours.Emitted<Promise<AsyncGenerator<string>>>, string>,
  Assignable<ours.Emitted<ours.Wait<string>>, string>,
  Assignable<ours.ThreadState, contract.ThreadState>,
  Assignable<contract.ThreadState, ours.ThreadState>,
  Assignable<ours.ThreadOptions<[number], string>, contract.ThreadOptions<[number], string>>,
  Assignable<ours.ExceptHookArgs, contract.ExceptHookArgs>,
  Assignable<contract.ExceptHook, ours.ExceptHook>,
  Assignable<ours.TraceEvent, contract.TraceEvent>,
];
