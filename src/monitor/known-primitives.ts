import { Barrier } from '../primitives/barrier.js';
import { BoundedSemaphore } from '../primitives/bounded-semaphore.js';
import { kindOf } from '../primitives/brand.js';
import { Condition } from '../primitives/condition.js';
import { Event } from '../primitives/event.js';
import { type AnyPrimitive, fromHandle } from '../primitives/handle.js';
import { load } from '../primitives/memory/word.js';
import { RLock } from '../primitives/rlock.js';
import { BOUND, Semaphore } from '../primitives/semaphore.js';
import { hasDied, isAlive } from '../primitives/threads/liveness.js';
import type { PrimitiveKind, PrimitiveState } from './types.js';

/** Primitives that are looked at beside those that were waited for: more would take too long each time. */
const MOST = 10_000;

/** What threads have told that they made or received while somebody looked, by number; the newest last. */
const announced = new Map<number, AnyPrimitive>();

/** What a thread tells of its primitives since it was asked before. */
export interface Announcement {
  /** As toHandle gives them. */
  readonly made: readonly object[];
  /** Numbers of those that nobody in it has any more. */
  readonly gone: readonly number[];
}

export function hear({ made, gone }: Announcement): void {
  for (const id of gone) announced.delete(id);
  for (const handle of made) {
    const primitive = fromHandle(handle);
    announced.delete(primitive.id);
    announced.set(primitive.id, primitive);
  }
  for (const id of announced.keys()) {
    if (announced.size <= MOST) break;
    announced.delete(id);
  }
}

/** By number, those whose words this thread can read. @param watched - besides those that were told of */
export function knownPrimitives(watched: readonly AnyPrimitive[]): ReadonlyMap<number, AnyPrimitive> {
  return new Map([...announced, ...watched.map((primitive) => [primitive.id, primitive] as const)]);
}

export function primitiveKind(primitive: AnyPrimitive): PrimitiveKind {
  return kindOf(primitive) as PrimitiveKind;
}

/** What its words show at this moment. */
export function stateOf(primitive: AnyPrimitive): PrimitiveState {
  if (primitive instanceof Semaphore) {
    const most = primitive instanceof BoundedSemaphore ? load(primitive.cells, BOUND) : null;
    return { value: primitive.value, most };
  }
  if (primitive instanceof Event) return { isSet: primitive.isSet() };
  if (primitive instanceof Condition) return { lock: primitive.lock.id };
  if (primitive instanceof Barrier)
    return { parties: primitive.parties, arrived: primitive.nWaiting, broken: primitive.broken };
  const ident = primitive.owner;
  if (ident === null) return { owner: null };
  const isReentrant = primitive instanceof RLock;
  const alive = isReentrant ? isAlive(ident) : !hasDied(ident);
  return { owner: { ident, alive, depth: isReentrant ? primitive.count : 1, section: null } };
}
