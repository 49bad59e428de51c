import type { DistributedDeadlock } from '../../namespace-info.js';
import type { Moment } from './moment.js';
import type { GraphEdge, GraphNode, WaitGraph } from './wait-graph.js';

/** Which process waits for which, as a graph that is drawn like that of threads. */
export function machineGraph(moment: Moment, { cycle }: DistributedDeadlock): WaitGraph {
  const nodes: GraphNode[] = [];
  const ring: GraphEdge[] = [];
  for (const [at, { session, waitsFor, since }] of cycle.entries()) {
    const machine = moment.machine(session)?.machine;
    const next = cycle[(at + 1) % cycle.length]?.session ?? session;
    const lock = `l${waitsFor}`;
    nodes.push(
      {
        key: `m${session}`,
        label: machine?.name ?? session,
        under: `process ${machine?.pid ?? '–'}`,
        waitedFor: false,
        opens: { kind: 'machine', id: session },
      },
      // All there is to say of a lock is said of the process that has it.
      { key: lock, label: waitsFor, under: 'lock', waitedFor: true, opens: { kind: 'machine', id: next } },
    );
    ring.push(
      { from: `m${session}`, to: lock, since, observable: false },
      { from: lock, to: `m${next}`, since: null, observable: false },
    );
  }
  return { cycle: nodes, ring, nodes: [], edges: [], leftOut: 0 };
}
