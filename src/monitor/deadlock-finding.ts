import { runsOn } from './deadlock-finder.js';
import type { WaitEdge } from './deadlock-graph.js';
import { deadlockInWords } from './deadlock-words.js';
import type { Deadlock, Doubt, PrimitiveKind, WaitInfo } from './types.js';
import { visible } from './visible.js';

/** How a primitive has been used so far, for how sure a cycle over it is. */
export interface Use {
  readonly kind: PrimitiveKind;
  /** It has been released by another than its owner. */
  readonly signalled: boolean;
  /** It has been taken by what releases it again: hold, holdSync or withLock. */
  readonly heldByHolder: boolean;
  /** Its owner has released it. */
  readonly returned: boolean;
}

/** A cycle as a finding. @param waits - all that there are, for those behind it */
export function deadlockOf(
  cycle: readonly WaitEdge[],
  waits: readonly WaitInfo[],
  uses: ReadonlyMap<number, Use>,
): Deadlock {
  const doubts = cycle.flatMap((edge) => doubtsOf(edge, uses));
  const behind = identsBehind(cycle, waits);
  return {
    kind: 'deadlock',
    id: `deadlock ${cycle.map(({ key }) => key).sort()}`,
    since: Math.max(...cycle.map(({ wait }) => wait.since)),
    message: visible(deadlockInWords(cycle, doubts, behind.length)),
    certainty: doubts.length === 0 ? 'certain' : 'suspected',
    doubts,
    cycle: cycle.map(({ wait }, at) => ({
      wait,
      // What the one before it in the cycle waits for.
      holds: cycle.at(at - 1)?.wait.primitive ?? null,
      stack: wait.site === null ? [] : [wait.site],
    })),
    behind,
  };
}

/** What may end the wait, or have its owner go on, without help from outside of the cycle. */
function doubtsOf(edge: WaitEdge, uses: ReadonlyMap<number, Use>): Doubt[] {
  const { id, ident, until, section, primitive } = edge.wait;
  const doubts: Doubt[] = [];
  if (runsOn(edge)) doubts.push({ kind: 'loop-runs', ident });
  else if (section !== null) doubts.push({ kind: 'unsubscribe', ident });
  if (until !== null) doubts.push({ kind: 'timeout', wait: id, until });
  if (primitive === null) return doubts;
  const use = uses.get(primitive);
  // Of a primitive that there was no room for nothing is known.
  if (section === null && (use === undefined || (use.kind === 'Lock' && maybeSignal(use))))
    doubts.push({ kind: 'signalled', primitive });
  if (use?.kind.endsWith('Semaphore')) doubts.push({ kind: 'permits', primitive });
  return doubts;
}

/** A Lock that nobody has used as one yet may wait for another thread to release it. */
function maybeSignal({ signalled, heldByHolder, returned }: Use): boolean {
  return signalled || !(heldByHolder || returned);
}

/** The threads outside of the cycle that wait for what is waited for in it, or for a thread that so is stuck. */
function identsBehind(cycle: readonly WaitEdge[], waits: readonly WaitInfo[]): number[] {
  const within = new Set(cycle.map(({ wait }) => wait.ident));
  const primitives = new Set(cycle.map(({ wait }) => wait.primitive));
  const stuck = new Set(cycle.filter(({ wait }) => wait.face === 'blocking').map(({ wait }) => wait.ident));
  const behind = new Set<number>();
  for (let grows = true; grows; ) {
    grows = false;
    for (const { ident, primitive, owner, face } of waits) {
      if (within.has(ident) || behind.has(ident)) continue;
      const waitsForIt =
        (primitive !== null && primitives.has(primitive)) || (owner !== null && stuck.has(owner));
      if (!waitsForIt) continue;
      behind.add(ident);
      if (face === 'blocking') stuck.add(ident);
      grows = true;
    }
  }
  return [...behind];
}
