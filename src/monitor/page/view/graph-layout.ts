import dagre from '@dagrejs/dagre';
import type { GraphEdge, GraphNode, WaitGraph } from '../model/wait-graph.js';

export interface Placed {
  readonly node: GraphNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly stuck: boolean;
}

export interface Routed {
  readonly edge: GraphEdge;
  readonly path: string;
  readonly stuck: boolean;
  /** Where its words go, and on which side of that point. */
  readonly label: {
    readonly x: number;
    readonly y: number;
    readonly anchor: 'start' | 'middle' | 'end';
  } | null;
}

export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly Placed[];
  readonly edges: readonly Routed[];
}

const SIZE = { width: 116, height: 42 };
const SMALL = { width: 104, height: 28 };
/** Between the two columns of a ring, and its rows. */
const GAP = { x: 104, y: 84 };
/** Beside a ring, for edges that come from behind. */
const MARGIN = 62;
const WIDEST = 560;

interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * A cycle is a ring of two columns, down on the right and up on the left; what waits behind it lies below, in layers, as
 * if the ring were one large node. Without a cycle all are in layers.
 */
export function layout(graph: WaitGraph): GraphLayout {
  if (graph.cycle.length === 0) {
    const wide = layers(graph, null, 'LR');
    return wide.width <= WIDEST ? wide : layers(graph, null, 'TB');
  }
  return layers(graph, ringOf(graph.cycle), 'BT');
}

/** Places relative to the middle of the ring. */
function ringOf(cycle: readonly GraphNode[]): Placed[] {
  const right = Math.max(1, Math.floor(cycle.length / 2));
  const rows = Math.ceil(cycle.length / 2);
  return cycle.map((node, at) => {
    const column = at === 0 || at > right ? -1 : 1;
    const row = at === 0 ? 0 : at <= right ? at - 1 : rows - (at - right);
    const x = (column * (SIZE.width + GAP.x)) / 2;
    const y = (row - (rows - 1) / 2) * (SIZE.height + GAP.y);
    return { node, x, y, ...SIZE, stuck: true };
  });
}

function layers(graph: WaitGraph, ring: readonly Placed[] | null, rankdir: string): GraphLayout {
  const RING = 'ring';
  const inRing = new Set(ring?.map(({ node }) => node.key));
  const sheet = new dagre.graphlib.Graph({ multigraph: true });
  sheet.setGraph({
    rankdir,
    nodesep: rankdir === 'LR' ? 18 : 22,
    ranksep: rankdir === 'LR' ? 56 : 46,
    marginx: 6,
    marginy: 8,
  });
  sheet.setDefaultEdgeLabel(() => ({}));
  if (ring !== null) {
    const ys = ring.map(({ y }) => y);
    const height = Math.max(...ys) - Math.min(...ys) + SIZE.height;
    sheet.setNode(RING, { width: 2 * SIZE.width + GAP.x + 2 * MARGIN, height });
  }
  const size = ring === null ? SIZE : SMALL;
  for (const { key } of graph.nodes) sheet.setNode(key, { ...size });
  const place = (key: string): string => (inRing.has(key) ? RING : key);
  for (const { from, to } of graph.edges) sheet.setEdge(place(from), place(to), {}, `${from} ${to}`);
  dagre.layout(sheet);

  const nodes = new Map<string, Placed>();
  for (const node of graph.nodes) {
    const { x, y } = sheet.node(node.key) as Point;
    nodes.set(node.key, { node, x, y, ...size, stuck: false });
  }
  if (ring !== null) {
    const middle = sheet.node(RING) as Point;
    for (const one of ring) nodes.set(one.node.key, { ...one, x: one.x + middle.x, y: one.y + middle.y });
  }
  const ends = (edge: GraphEdge): [Placed, Placed] | null => {
    const [from, to] = [nodes.get(edge.from), nodes.get(edge.to)];
    return from === undefined || to === undefined ? null : [from, to];
  };
  const edges: Routed[] = [];
  for (const edge of graph.ring) {
    const both = ends(edge);
    if (both !== null) edges.push(straight(edge, ...both, graph.ring.length === 2));
  }
  for (const edge of graph.edges) {
    const both = ends(edge);
    if (both === null) continue;
    if (inRing.has(edge.to)) edges.push(fromBehind(edge, ...both, nodes));
    else {
      const { points } = sheet.edge(place(edge.from), place(edge.to), `${edge.from} ${edge.to}`) as {
        points: Point[];
      };
      edges.push({ edge, path: through(points), stuck: false, label: null });
    }
  }
  const { width = 0, height = 0 } = sheet.graph();
  return { width, height, nodes: [...nodes.values()], edges };
}

/** Between two neighbours of a ring. `pair`: there are only two, so the way back is not the way there. */
function straight(edge: GraphEdge, from: Placed, to: Placed, pair: boolean): Routed {
  if (Math.abs(from.y - to.y) < 1) {
    const right = to.x > from.x;
    const y = from.y + (pair ? (right ? -9 : 9) : 0);
    const [a, b] = right
      ? [from.x + from.width / 2, to.x - to.width / 2 - 3]
      : [from.x - from.width / 2, to.x + to.width / 2 + 3];
    const label = { x: (a + b) / 2, y: pair && !right ? y + 17 : y - 9, anchor: 'middle' } as const;
    return { edge, path: `M${a} ${y}H${b}`, stuck: true, label };
  }
  const down = to.y > from.y;
  const [a, b] = down
    ? [from.y + from.height / 2, to.y - to.height / 2 - 3]
    : [from.y - from.height / 2, to.y + to.height / 2 + 3];
  return {
    edge,
    path: `M${from.x} ${a}V${b}`,
    stuck: true,
    label: { x: from.x - 8, y: (a + b) / 2 + 4, anchor: 'end' },
  };
}

/** From below into the lowest of a ring; to those above them around its side. */
function fromBehind(edge: GraphEdge, from: Placed, to: Placed, nodes: ReadonlyMap<string, Placed>): Routed {
  const all = [...nodes.values()].filter(({ stuck }) => stuck);
  const lowest = Math.max(...all.map(({ y }) => y));
  const start = from.y - from.height / 2;
  if (to.y >= lowest - 1) {
    const end = to.y + to.height / 2 + 3;
    const half = (start + end) / 2;
    return {
      edge,
      path: `M${from.x} ${start}C${from.x} ${half} ${to.x} ${half} ${to.x} ${end}`,
      stuck: false,
      label: null,
    };
  }
  const middle = all.reduce((sum, { x }) => sum + x, 0) / all.length;
  const side = to.x >= middle ? 1 : -1;
  const end = to.x + (side * to.width) / 2 + side * 3;
  const out = end + side * MARGIN * 0.9;
  return {
    edge,
    path: `M${from.x} ${start}C${from.x} ${start - 30} ${out} ${start - 10} ${out} ${(start + to.y) / 2}S${out} ${to.y} ${end} ${to.y}`,
    stuck: false,
    label: null,
  };
}

function through(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let path = `M${first.x} ${first.y}`;
  for (const [at, { x, y }] of rest.entries()) {
    const next = rest[at + 1];
    path += next === undefined ? `L${x} ${y}` : `Q${x} ${y} ${(x + next.x) / 2} ${(y + next.y) / 2}`;
  }
  return path;
}
