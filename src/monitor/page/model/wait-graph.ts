import type { Deadlock, WaitInfo } from '../../types.js';
import { plural } from '../format.js';
import type { Moment, Selected } from './moment.js';

export interface GraphNode {
  readonly key: string;
  readonly label: string;
  readonly under: string;
  /** What is waited for; else who waits. */
  readonly waitedFor: boolean;
  readonly opens: Selected;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** Of a wait; null: it says who holds what. */
  readonly since: number | null;
  readonly observable: boolean;
}

/** Who waits for whom. */
export interface WaitGraph {
  /** In the order in which each waits for the next, and the last for the first. Empty without a deadlock. */
  readonly cycle: readonly GraphNode[];
  readonly ring: readonly GraphEdge[];
  /** Those that are in no cycle. */
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Waits that there was no room for. */
  readonly leftOut: number;
}

/** ms: shorter waits come and go faster than anybody can read. */
const LASTS = 400;
const MOST_WAITS = 12;
const MOST_BEHIND = 5;

/** The graph of a deadlock and what waits behind it; without one, that of the oldest waits. */
export function waitGraph(moment: Moment, deadlock: Deadlock | undefined, now: number): WaitGraph {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  const node = (one: GraphNode): string => {
    if (!nodes.has(one.key)) nodes.set(one.key, one);
    return one.key;
  };
  const edge = (from: string, to: string, wait: WaitInfo | null): void => {
    const observable = wait?.face === 'observable';
    edges.set(`${from} ${to}`, { from, to, since: wait?.since ?? null, observable });
  };
  /** A waiter, what it waits for, and who has that. */
  const add = (wait: WaitInfo, sections: boolean): void => {
    const waiter = node(threadNode(moment, wait.ident, sections ? wait.section : null));
    let waited = waiter;
    if (wait.primitive !== null) {
      waited = node(primitiveNode(moment, wait.primitive));
      edge(waiter, waited, wait);
    }
    if (wait.owner === null) return;
    const section = sections ? ownerSection(moment, wait) : null;
    const owner = node(threadNode(moment, wait.owner, section));
    edge(waited, owner, wait.primitive === null ? wait : null);
  };
  const stuck = deadlock?.cycle.map(({ wait }) => wait) ?? [];
  for (const wait of stuck) add(wait, true);
  const ringKeys = new Set(nodes.keys());
  const cycle = ordered(
    nodes,
    edges,
    stuck[0] === undefined ? undefined : threadKey(stuck[0].ident, stuck[0].section),
  );
  const ring = [...edges.values()];
  edges.clear();
  const waits = deadlock === undefined ? lasting(moment, now) : behind(moment, deadlock);
  const most = deadlock === undefined ? MOST_WAITS : MOST_BEHIND;
  for (const wait of waits.slice(0, most)) add(wait, false);
  for (const one of ring) edges.delete(`${one.from} ${one.to}`);
  return {
    cycle,
    ring,
    nodes: [...nodes.values()].filter(({ key }) => !ringKeys.has(key)),
    edges: [...edges.values()],
    leftOut: Math.max(0, waits.length - most),
  };
}

/** The same text for graphs that are drawn alike but for their times. */
export function shapeOf({ cycle, ring, nodes, edges }: WaitGraph): string {
  const all = [...cycle, ...nodes].map(({ key, label, under }) => `${key}${label}${under}`);
  // The waits of a deadlock were drawn before it was found to be one.
  return [
    `${cycle.length} in a cycle`,
    ...all,
    ...[...ring, ...edges].map(({ from, to }) => `${from}>${to}`),
  ].join('\n');
}

function lasting({ waits }: Moment, now: number): WaitInfo[] {
  return [...waits.values()]
    .filter(({ since, owner }) => owner !== null && now - since > LASTS)
    .sort((a, b) => a.since - b.since);
}

function behind({ threads, waits }: Moment, { behind, cycle }: Deadlock): WaitInfo[] {
  const inCycle = new Set(cycle.map(({ wait }) => wait.id));
  const all = behind.flatMap((ident) => (threads.get(ident)?.waits ?? []).map((id) => waits.get(id)));
  return all.filter((wait) => wait !== undefined && !inCycle.has(wait.id)) as WaitInfo[];
}

function threadKey(ident: number, section: number | null): string {
  return section === null ? `t${ident}` : `t${ident}.${section}`;
}

function threadNode(moment: Moment, ident: number, section: number | null): GraphNode {
  const under = section === null ? `thread ${ident}` : `section ${section}`;
  const key = threadKey(ident, section);
  return {
    key,
    label: moment.threadName(ident),
    under,
    waitedFor: false,
    opens: { kind: 'thread', id: ident },
  };
}

function primitiveNode(moment: Moment, id: number): GraphNode {
  const primitive = moment.primitives.get(id);
  const owner = primitive !== undefined && 'owner' in primitive.state ? primitive.state.owner : null;
  const depth = owner === null || owner.depth < 2 ? '' : `, ${plural(owner.depth, 'time')}`;
  const under = `${primitive?.kind ?? ''}${depth}`;
  const opens = { kind: 'primitive', id } as const;
  return { key: `p${id}`, label: moment.primitiveName(id), under, waitedFor: true, opens };
}

/** The section that holds what a wait of a section's cycle is for. */
function ownerSection({ primitives }: Moment, { primitive }: WaitInfo): number | null {
  const state = primitive === null ? undefined : primitives.get(primitive)?.state;
  return state !== undefined && 'owner' in state ? (state.owner?.section ?? null) : null;
}

/** The nodes of a cycle, from `first` on. */
function ordered(
  nodes: ReadonlyMap<string, GraphNode>,
  edges: ReadonlyMap<string, GraphEdge>,
  first: string | undefined,
): GraphNode[] {
  const next = new Map([...edges.values()].map(({ from, to }) => [from, to]));
  const found: GraphNode[] = [];
  for (let key = first; key !== undefined; key = next.get(key)) {
    const one = nodes.get(key);
    if (one === undefined || found.includes(one)) break;
    found.push(one);
  }
  // What does not chain up, because a thread is told of in part, is there all the same.
  return [...found, ...[...nodes.values()].filter((one) => !found.includes(one))];
}
