import type { Edge } from './deadlock-cycles.js';
import { lasting } from './peel.js';
import type { WaitInfo } from './types.js';

/** An edge of the wait-for graph, as one look finds it. */
export interface WaitEdge extends Edge {
  /** The same in every look for as long as the wait and what it waits for are the same. */
  readonly key: string;
  readonly wait: WaitInfo;
  /** When it was so, on the clock of all threads. */
  readonly at: number;
  /** How often the waiter had looked who the owner is; null: it was so at that very moment. */
  readonly looks: number | null;
}

/** A wait, as shared memory tells of it. */
export interface SeenWait {
  readonly wait: WaitInfo;
  /** How often the waiter has looked who the owner is. */
  readonly looks: number;
}

/** An Observable wait, as its own thread tells of it. */
export interface SectionWait {
  readonly wait: WaitInfo;
  /** When the thread told of it, on the clock of all threads. */
  readonly at: number;
  /** The `withLock` sections that it runs within, the innermost first. */
  readonly sections: readonly number[];
  /** Those of this thread that hold what it waits for, of a Semaphore maybe several. */
  readonly holders: readonly number[];
}

/** Between threads. One that blocks does nothing else, so what its Observables wait for is no matter until it is woken. */
export function threadEdges(seen: readonly SeenWait[], time: number): WaitEdge[] {
  const blocked = new Set(seen.filter(({ wait }) => wait.face === 'blocking').map(({ wait }) => wait.ident));
  const edges: WaitEdge[] = [];
  for (const { wait, looks } of seen) {
    const { id, ident, owner, primitive, face } = wait;
    if (owner === null || (face === 'observable' && blocked.has(ident))) continue;
    edges.push({
      from: `${ident}`,
      to: `${owner}`,
      key: `${id}>${owner}`,
      wait,
      at: time,
      // Who is joined is the same for good.
      looks: primitive === null ? null : looks,
    });
  }
  return edges;
}

/**
 * Between the sections of each thread. A section is stuck when something in it waits for what only stuck ones hold, because it
 * ends when all in it has ended: so of a Semaphore all that are known to hold it must be stuck.
 */
export function sectionEdges(waits: readonly SectionWait[]): WaitEdge[] {
  const isStuck = stuckSections(waits);
  const edges: WaitEdge[] = [];
  for (const { wait, at, sections, holders } of waits) {
    if (!holders.every((holder) => isStuck(wait.ident, holder))) continue;
    for (const section of sections)
      for (const holder of holders)
        edges.push({
          from: node(wait.ident, section),
          to: node(wait.ident, holder),
          key: `${wait.id}/${section}>${holder}`,
          wait: { ...wait, section },
          at,
          looks: null,
        });
  }
  return edges;
}

function node(ident: number, section: number): string {
  return `${ident}/${section}`;
}

function stuckSections(waits: readonly SectionWait[]): (ident: number, section: number) => boolean {
  const sectionsOf = ({ wait, sections }: SectionWait): string[] =>
    sections.map((section) => node(wait.ident, section));
  const left = lasting(
    waits.filter(({ holders }) => holders.length > 0),
    sectionsOf,
    ({ wait, holders }) => holders.map((holder) => node(wait.ident, holder)),
  );
  const stuck = new Set(left.flatMap(sectionsOf));
  return (ident, section) => stuck.has(node(ident, section));
}
