import { lasting } from './peel.js';

/** That one waits for another: `from` and `to` name a thread, or a section of pipelines within one. */
export interface Edge {
  readonly from: string;
  readonly to: string;
}

/**
 * The cycles of a wait-for graph: each edge that is part of a cycle is in one of those returned, the shortest through the first of
 * its edges that no cycle before it had.
 */
export function cyclesOf<E extends Edge>(edges: readonly E[]): E[][] {
  const left = withoutEnds(edges);
  const cycles: E[][] = [];
  const covered = new Set<E>();
  const bySource = groupBySource(left);
  for (const edge of left) {
    if (covered.has(edge)) continue;
    const back = shortestPath(edge.to, edge.from, bySource);
    if (back === undefined) continue;
    const cycle = [edge, ...back];
    for (const one of cycle) covered.add(one);
    cycles.push(cycle);
  }
  return cycles;
}

/** Without those who wait for somebody that waits for nobody, and without those that nobody waits for: no cycle has them. */
function withoutEnds<E extends Edge>(edges: readonly E[]): readonly E[] {
  const from = (edge: E): string[] => [edge.from];
  const to = (edge: E): string[] => [edge.to];
  return lasting(lasting(edges, from, to), to, from);
}

function groupBySource<E extends Edge>(edges: readonly E[]): Map<string, E[]> {
  const groups = new Map<string, E[]>();
  for (const edge of edges) {
    const group = groups.get(edge.from);
    if (group === undefined) groups.set(edge.from, [edge]);
    else group.push(edge);
  }
  return groups;
}

/** Breadth first; empty when `from` is `to`. */
function shortestPath<E extends Edge>(
  from: string,
  to: string,
  bySource: ReadonlyMap<string, readonly E[]>,
): E[] | undefined {
  const cameBy = new Map<string, E | undefined>([[from, undefined]]);
  for (const node of cameBy.keys()) {
    if (node === to) return pathTo(node, cameBy);
    for (const edge of bySource.get(node) ?? []) if (!cameBy.has(edge.to)) cameBy.set(edge.to, edge);
  }
  return undefined;
}

function pathTo<E extends Edge>(node: string, cameBy: ReadonlyMap<string, E | undefined>): E[] {
  const path: E[] = [];
  for (let edge = cameBy.get(node); edge !== undefined; edge = cameBy.get(edge.from)) path.unshift(edge);
  return path;
}
