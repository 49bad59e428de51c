// Checked by `npm run types` alone: what `rxjs-threading/redis` exports is assignable to the contract beside this file, and
// what must not compile does not.
import type { Observable } from 'rxjs';
import type { ModuleTarget } from 'rxjs-threading';
import * as ours from 'rxjs-threading/redis';
import type * as contract from './machines.js';

// ─── values ─────────────────────────────────────────────────────────────────────────────────────

// Apart: compared below, by its methods, and by its instances, as users make none.
type Apart = 'fence' | 'RemotePool';

ours satisfies Omit<typeof contract, Apart>;

/** Parameters of a method are compared both ways: for functions that take a class of ours with private members. */
type AsMethod<F extends (...args: never[]) => unknown> = {
  method(...args: Parameters<F>): ReturnType<F>;
}['method'];

ours.fence.sql satisfies AsMethod<typeof contract.fence.sql>;
ours.fence.redis satisfies AsMethod<typeof contract.fence.redis>;
ours.fence.memory() satisfies AsMethod<ReturnType<typeof contract.fence.memory>>;
ours.fence.table satisfies typeof contract.fence.table;
ours.RemotePool satisfies abstract new (
  ...args: never
) => contract.RemotePool;

// ─── types ──────────────────────────────────────────────────────────────────────────────────────

type Assignable<From extends To, To> = [From, To];

/** What a user hands in: the contract's is taken. */
export type Taken = [
  Assignable<contract.MachinesOptions, ours.MachinesOptions>,
  Assignable<contract.RemoteLockOptions, ours.RemoteLockOptions>,
  Assignable<contract.RemoteBarrierOptions, ours.RemoteBarrierOptions>,
  Assignable<contract.RemotePoolOptions, ours.RemotePoolOptions>,
  Assignable<contract.RetryOptions, ours.RetryOptions>,
  Assignable<contract.RemoteRunOptions, ours.RemoteRunOptions>,
  Assignable<contract.ServeOptions, ours.ServeOptions>,
  Assignable<contract.EngineOperation, ours.EngineOperation>,
];

/** What a user gets: it is what the contract promises. */
export type Given = [
  Assignable<ours.Machines, contract.Machines>,
  Assignable<ours.MachinesState, contract.MachinesState>,
  Assignable<contract.MachinesState, ours.MachinesState>,
  Assignable<ours.MachineInfo, contract.MachineInfo>,
  Assignable<ours.MachinesSnapshot, contract.MachinesSnapshot>,
  Assignable<ours.RemoteHeld, contract.RemoteHeld>,
  Assignable<ours.Owner, contract.Owner>,
  Assignable<ours.RemoteLock, contract.RemoteLock>,
  Assignable<ours.RemoteRLock, contract.RemoteRLock>,
  Assignable<ours.RemoteSemaphore, contract.RemoteSemaphore>,
  Assignable<ours.RemoteEvent, contract.RemoteEvent>,
  Assignable<ours.RemoteBarrier, contract.RemoteBarrier>,
  Assignable<ours.RemoteCondition, contract.RemoteCondition>,
  Assignable<ours.RemotePool, contract.RemotePool>,
  Assignable<ours.RemoteTimer<number>, contract.RemoteTimer<number>>,
  Assignable<ours.Serving, contract.Serving>,
  Assignable<ours.RemotePoolStats, contract.RemotePoolStats>,
  Assignable<ours.FailedJob, contract.FailedJob>,
  Assignable<ours.RemoteOwnerDiedError, contract.RemoteOwnerDiedError>,
  Assignable<ours.Engine, contract.Engine>,
  Assignable<ReturnType<typeof ours.currentJob>, ReturnType<typeof contract.currentJob>>,
];

// ─── what must not compile ──────────────────────────────────────────────────────────────────────

declare const machines: ours.Machines;
declare const double: ModuleTarget<[n: number], number>;
declare const count: ModuleTarget<[], Generator<string>>;
const pool = machines.pool('jobs');
const lock = machines.lock('accounts');

export const fits: [Observable<number>, Observable<string>] = [pool.run(double, [1]), pool.stream(count)];

// @ts-expect-error no code travels: a target is an export of a module
pool.run((n: number) => n + 1, [1]);
// @ts-expect-error nor by a stream
pool.stream((n: number) => n + 1, [1]);
// @ts-expect-error nor by a timer
pool.timer(1000, () => 1);
// @ts-expect-error nor by a schedule
pool.schedule('nightly', { every: 1000 }, () => 1);
// @ts-expect-error the target needs a number
pool.run(double);
// @ts-expect-error its values cannot be called back, so it is not tried again
pool.stream(count, [], { retry: { attempts: 2 } });
// @ts-expect-error a schedule is every so many ms, or by a cron expression
pool.schedule('nightly', { at: '3:00' }, count);
// @ts-expect-error what is served is a module as threadModule gives it
machines.serve('jobs', { module: './jobs.js' });
// @ts-expect-error a namespace is needed
new ours.Machines({ connection: 'memory' });
// @ts-expect-error a semaphore's permits are said by each
machines.semaphore('ovens');
// @ts-expect-error a condition is one of a lock
machines.condition('accounts');
// @ts-expect-error what asks the engine is not known at once
export const notKnown: boolean = lock.locked();
// @ts-expect-error permits come back one by one, by their Held
machines.semaphore('ovens', 2).release(2);
// @ts-expect-error a fence needs what is held
ours.fence.memory()(1n);
