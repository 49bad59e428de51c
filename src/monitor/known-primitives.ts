import { listenMade } from '../pool/thread/made-primitives.js';
import { kindOf } from '../primitives/brand.js';
import { Condition } from '../primitives/condition.js';
import type { AnyPrimitive } from '../primitives/handle.js';
import { type Cells, viewOf } from '../primitives/memory/word.js';
import { recordedName } from '../primitives/threads/contention.js';
import { hasDied, isAlive } from '../primitives/threads/liveness.js';
import { ALL, watches } from '../primitives/threads/trace-flag.js';
import { acquiresInWords, idInWords, stateInWords } from '../primitives/words.js';
import type { SectionOf } from './section-answers.js';
import type { PrimitiveKind, PrimitiveState } from './types.js';

/** A primitive whose words this thread can read. */
export interface KnownPrimitive {
  readonly id: number;
  readonly kind: PrimitiveKind;
  readonly name: string;
  readonly cells: Cells;
  /** Of a Condition the number of its lock. */
  readonly lock: number | undefined;
}

/** What of a handle is read. */
interface Handle {
  readonly 'rxjs-threading': PrimitiveKind;
  readonly name: string;
  readonly cells: unknown;
  readonly lock?: Handle;
}

/** Primitives that are looked at beside those that were waited for: more would take too long each time. */
const MOST = 10_000;

/** By number, those that threads have made or received while somebody looked; the newest last. */
const heard = new Map<number, KnownPrimitive>();
let listens = false;

/** From now on this thread hears of the primitives that any thread makes or receives while somebody looks. */
export function hearOfPrimitives(): void {
  if (listens) return;
  listens = true;
  listenMade((handle) => {
    const known = knownBy(handle as Handle);
    heard.delete(known.id);
    heard.set(known.id, known);
    for (const id of heard.keys()) {
      if (heard.size <= MOST) break;
      heard.delete(id);
    }
  });
}

function knownBy({ 'rxjs-threading': kind, name, cells: buffer, lock }: Handle): KnownPrimitive {
  const cells = viewOf(buffer) as Cells;
  const own = recordedName(name);
  return {
    id: idInWords(cells),
    kind,
    name: own,
    cells,
    lock: lock && idInWords(viewOf(lock.cells) as Cells),
  };
}

/** By number. @param watched - besides those that were heard of */
export function knownPrimitives(watched: readonly AnyPrimitive[]): ReadonlyMap<number, KnownPrimitive> {
  const known = new Map(heard);
  for (const primitive of watched) {
    const { id, cells } = primitive;
    const name = recordedName(primitive.name);
    const lock = primitive instanceof Condition ? primitive.lock.id : undefined;
    known.set(id, { id, kind: kindOf(primitive) as PrimitiveKind, name, cells, lock });
  }
  return known;
}

/** What its words show at this moment. @param sectionOf - which section of a thread owns it */
export function stateOf({ id, kind, cells, lock }: KnownPrimitive, sectionOf: SectionOf): PrimitiveState {
  if (lock !== undefined) return { lock };
  const state = stateInWords(kind, cells);
  if (!('owner' in state) || state.owner === null) return state as PrimitiveState;
  const { ident, depth } = state.owner;
  // A Lock stays with a thread that has ended by itself.
  const alive = kind === 'RLock' ? isAlive(ident) : !hasDied(ident);
  return { owner: { ident, alive, depth, section: alive ? sectionOf(ident, id) : null } };
}

/** Acquisitions, those that did not wait included; null while nobody counts them. */
export function acquiresOf({ cells }: KnownPrimitive): number | null {
  return watches(ALL) ? acquiresInWords(cells) : null;
}
