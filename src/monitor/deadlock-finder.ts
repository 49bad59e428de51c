import { cyclesOf } from './deadlock-cycles.js';
import type { WaitEdge } from './deadlock-graph.js';

/** ms between two looks that show the same edges, before a cycle of them is believed. */
const APART = 100;
/** ms that a cycle has to last in which a thread's event loop runs on: a pipeline that is only slow looks the same for a while. */
const LASTING = 400;
/** So often a waiter must have looked who the owner is between the two: it began the second time after the first of ours. */
const AGAIN = 2;

/** What one look finds. */
export interface Found {
  readonly cycles: readonly (readonly WaitEdge[])[];
  /** There are others, which may be believed soon. */
  readonly doubted: boolean;
}

/**
 * Believes a cycle once each of its edges was there, the same wait with the same owner, in two looks. All in the cycle were
 * in the same waits all the while, so none of them has released or taken anything; and each has read the owner again after
 * the first look, however long the machine kept it from running. So there was a moment at which all of the cycle was true, and
 * nobody in it can end it.
 */
export class DeadlockFinder {
  /** The edges of the last look, each as it was first seen. */
  #seen = new Map<string, WaitEdge>();

  look(edges: readonly WaitEdge[]): Found {
    const seen = new Map<string, WaitEdge>();
    for (const edge of edges) seen.set(edge.key, this.#seen.get(edge.key) ?? edge);
    this.#seen = seen;
    // Waits of a section for the same have one key: a thousand in one pipeline are one cycle.
    const all = cyclesOf([...new Map(edges.map((edge) => [edge.key, edge])).values()]).filter(
      (cycle) => !isWithinOneLoop(cycle),
    );
    const cycles = all.filter((cycle) => {
      const least = cycle.some(runsOn) ? LASTING : APART;
      return cycle.every((edge) => this.#hasLasted(edge, least));
    });
    return { cycles, doubted: cycles.length < all.length };
  }

  #hasLasted({ key, at, looks }: WaitEdge, least: number): boolean {
    const first = this.#seen.get(key);
    if (first === undefined || at - first.at < least) return false;
    return looks === null || first.looks === null || (looks - first.looks) >>> 0 >= AGAIN;
  }
}

/** Whether code of the thread beside the wait may release what the thread has. */
export function runsOn({ wait }: WaitEdge): boolean {
  return wait.face === 'observable' && wait.section === null;
}

/** A thread whose Observables wait for what other code of its event loop has is no deadlock as long as nothing says more. */
function isWithinOneLoop(cycle: readonly WaitEdge[]): boolean {
  return cycle.every((edge) => runsOn(edge) && edge.from === edge.to);
}
