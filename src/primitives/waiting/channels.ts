import { type Channel, channel, type TracingChannel, tracingChannel } from 'node:diagnostics_channel';
import type { Unsubscribable } from 'rxjs';
import { getIdent, onThreadEnd } from '../threads/current-ident.js';
import { HOLDS } from '../threads/trace-flag.js';
import type { Waited } from '../threads/wait-record.js';
import { watchAs } from '../threads/watching.js';

/*
 * Channels of node:diagnostics_channel, for who watches a program from inside it: monitor/channels.ts tells of them. They are
 * looked at where something takes µs anyway, and cost some ns there while nobody of the thread has subscribed to `start`.
 */

const waits = tracingChannel('rxjs-threading:wait') as TracingChannel<unknown, WaitContext>;
const holds = tracingChannel('rxjs-threading:hold') as TracingChannel<unknown, HoldContext>;
const runs = tracingChannel('rxjs-threading:run') as TracingChannel<unknown, RunContext>;
export const ownerDeaths: Channel = channel('rxjs-threading:owner-died');
export const starvationWarnings: Channel = channel('rxjs-threading:starvation');

/** What is told of a wait, in all of its events the same object. */
export interface WaitContext {
  /** The class of the primitive; `Thread` for a join. */
  readonly kind: string;
  readonly name: string;
  /** 0: it is between machines. */
  readonly id: number;
  readonly face: 'blocking' | 'observable';
  /** `ident` of who has it as the wait begins; null: nobody in particular. */
  readonly owner: number | null;
  /** How it ended; undefined until then. 'left' also by an error. */
  outcome?: 'woken' | 'timeout' | 'left' | undefined;
}

/** What is told of a hold, in all of its events the same object. */
export interface HoldContext {
  readonly kind: string;
  readonly name: string;
  readonly id: number;
  /** How it was acquired. */
  readonly face: 'blocking' | 'observable';
}

/** What is told of a target that runs, in all of its events the same object. */
export interface RunContext {
  readonly ident: number;
  readonly name: string;
  /** The target's name; '' if it has none. */
  readonly target: string;
  /** `id` of the pool that runs it, as an inspection has it; null: none. */
  readonly pool: number | null;
  /** Of W3C's Trace Context, if whoever started the thread had one. */
  readonly traceparent: string | undefined;
  /** Why it has failed; undefined: it has not. */
  error?: unknown;
}

/** Observable waits that were told of and have not ended. */
const told = new Map<object, WaitContext>();
/** What this thread blocks in, innermost last, as a Barrier's action may block too; undefined: it was not told of. */
const blocking: (WaitContext | undefined)[] = [];

/** @param wait - of an Observable one, the object that `tellWaitEnds` gets too */
export function tellWaitBegins(on: Waited, face: WaitContext['face'], wait: object | undefined): void {
  const context = waits.start.hasSubscribers ? contextOf(on, face) : undefined;
  if (context !== undefined) waits.start.publish(context);
  if (wait === undefined) blocking.push(context);
  else if (context !== undefined) {
    waits.end.publish(context);
    told.set(wait, context);
  }
}

function contextOf(on: Waited, face: WaitContext['face']): WaitContext {
  const { id, name, owner, primitiveKind: kind = 'Thread' } = on;
  return { kind, name, id, face, owner };
}

export function tellWaitEnds(
  face: WaitContext['face'],
  wait: object,
  outcome: NonNullable<WaitContext['outcome']>,
): void {
  const context = face === 'blocking' ? blocking.pop() : told.get(wait);
  if (context === undefined) return;
  context.outcome = outcome;
  if (face === 'blocking') waits.end.publish(context);
  else {
    told.delete(wait);
    endLater(waits, context);
  }
}

/** A wait for something between machines begins. Returns how to tell that it has ended; undefined: nobody listens. */
export function tellFarWait(
  kind: string,
  name: string,
  face: WaitContext['face'],
): ((outcome: NonNullable<WaitContext['outcome']>) => void) | undefined {
  if (!waits.start.hasSubscribers) return undefined;
  const context: WaitContext = { kind, name, id: 0, face, owner: null };
  waits.start.publish(context);
  if (face === 'observable') waits.end.publish(context);
  return (outcome) => {
    context.outcome = outcome;
    if (face === 'blocking') waits.end.publish(context);
    else endLater(waits, context);
  };
}

/** A lock between machines is held. Returns how to tell that it is not any more; undefined: nobody listens. */
export function tellFarHold(kind: string, name: string): (() => void) | undefined {
  if (!holds.start.hasSubscribers) return undefined;
  const context: HoldContext = { kind, name, id: 0, face: 'observable' };
  holds.start.publish(context);
  holds.end.publish(context);
  return () => endLater(holds, context);
}

function endLater<T extends object>({ asyncStart, asyncEnd }: TracingChannel<unknown, T>, context: T): void {
  asyncStart.publish(context);
  asyncEnd.publish(context);
}

/** A hold that was told of and has not ended. */
interface ToldHold {
  readonly context: HoldContext;
  /** The thread that has it. */
  readonly ident: number;
  /** Ends the looking for another thread that releases it. */
  looking?: Unsubscribable | undefined;
}

/** By lock, what this thread holds and was told of. */
const toldHolds = new Map<Waited, ToldHold>();
/** Lowers the level at which a release looks for what was told. */
let lower: (() => void) | undefined;

/** Called once a wait for a Lock or RLock has taken it. */
export function tellHoldBegins(on: Waited, face: HoldContext['face']): void {
  const { id, name, primitiveKind: kind } = on;
  if (!holds.start.hasSubscribers || (kind !== 'Lock' && kind !== 'RLock')) return;
  const context: HoldContext = { kind, name, id, face };
  lower ??= watchAs(HOLDS);
  const hold: ToldHold = { context, ident: getIdent() };
  toldHolds.set(on, hold);
  holds.start.publish(context);
  if (face === 'observable') holds.end.publish(context);
  if (toldHolds.get(on) !== hold) return;
  hold.looking = on.owner$?.subscribe((owner) => {
    if (owner !== hold.ident) tellHoldEnds(on);
  });
  // Another thread has released it by now.
  if (toldHolds.get(on) !== hold) hold.looking?.unsubscribe();
}

/**
 * Called by the thread that holds it and is about to free it, or that has just taken it and so held it no more, while anybody of
 * the process is told of holds.
 */
export function tellHoldEnds(on: Waited): void {
  const hold = toldHolds.get(on);
  if (hold === undefined) return;
  forgetHold(on, hold);
  const { context } = hold;
  if (context.face === 'blocking') holds.end.publish(context);
  else endLater(holds, context);
}

function forgetHold(on: Waited, { looking }: ToldHold): void {
  looking?.unsubscribe();
  toldHolds.delete(on);
  if (toldHolds.size > 0) return;
  lower?.();
  lower = undefined;
}

onThreadEnd(() => {
  for (const [on, hold] of toldHolds) {
    if (on.owner === hold.ident) forgetHold(on, hold);
    else tellHoldEnds(on);
  }
});

/** How a target is called, for who adds to it: see `setRunner`. */
type Runner = (context: RunContext, run: () => unknown) => unknown;
let runner: Runner | undefined;

/** @param to - calls each target of this thread from now on; undefined: nobody does */
export function setRunner(to: Runner | undefined): void {
  runner = to;
}

/**
 * Calls a target.
 *
 * @param about - what is told of it, asked for only if somebody listens
 * @returns what it returns; and what is to be called at its end, if somebody listens
 */
export function callTold(
  about: () => RunContext,
  run: () => unknown,
): [unknown, ((error?: unknown) => void)?] {
  if (!runs.start.hasSubscribers && runner === undefined) return [run()];
  const context = about();
  const ends = (error?: unknown): void => {
    if (error !== undefined) {
      context.error = error;
      runs.error.publish(context);
    }
    endLater(runs, context);
  };
  runs.start.publish(context);
  try {
    return [runner === undefined ? run() : runner(context, run), ends];
  } catch (error) {
    ends(error);
    throw error;
  } finally {
    runs.end.publish(context);
  }
}
