import type { FunctionComponent } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import { plural, timeOfDay } from '../format.js';
import { type GraphEdge, shapeOf, type WaitGraph, waitGraph } from '../model/wait-graph.js';
import { type GraphLayout, layout, type Placed, type Routed } from './graph-layout.js';
import { Since, usePage } from './page.js';
import { Verdict } from './verdict.js';
import './graph.css';

/** ms: a graph of waits that come and go is not laid out anew more often, or nobody could read it. */
const STAYS = 1000;

/** Who waits for whom: the deadlock that was asked for, the worst one, or else the waits that last. */
export const Graph: FunctionComponent<{ readonly chosen: string | null }> = ({ chosen }) => {
  const { moment, now } = usePage();
  const deadlocks = moment.deadlocks();
  const deadlock = deadlocks.find(({ id }) => id === chosen) ?? deadlocks[0];
  const graph = useSteady(waitGraph(moment, deadlock, now()), deadlock?.id ?? '');
  const drawn = useMemo(() => layout(graph), [shapeOf(graph)]);
  const empty = graph.cycle.length + graph.nodes.length === 0;
  return (
    <section class="panel" id="waits" tabIndex={-1} aria-labelledby="waits-title">
      <header>
        <h2 id="waits-title">Who waits for whom</h2>
        <span class="space" />
        {deadlock !== undefined && (
          <span class="soft">
            since <span class="mono">{timeOfDay(deadlock.since)}</span>
          </span>
        )}
      </header>
      {empty ? (
        <p class="nobody">Nobody has waited for a lock for long.</p>
      ) : (
        <figure class="graph">
          <Drawing
            drawn={drawn}
            graph={graph}
            label={deadlock?.message ?? 'Threads and what they wait for'}
          />
        </figure>
      )}
      {graph.leftOut > 0 && <p class="nobody">{plural(graph.leftOut, 'more wait')} not drawn.</p>}
      {deadlock !== undefined && <Verdict deadlock={deadlock} others={deadlocks.length - 1} />}
    </section>
  );
};

/** The graph of a deadlock at once; any other at most once a second. */
function useSteady(graph: WaitGraph, deadlock: string): WaitGraph {
  const { now } = usePage();
  const shown = useRef({ graph, deadlock, at: now(), shape: shapeOf(graph) });
  const shape = shapeOf(graph);
  const same = shape === shown.current.shape;
  if (same || deadlock !== shown.current.deadlock || now() - shown.current.at > STAYS)
    shown.current = { graph, deadlock, at: same ? shown.current.at : now(), shape };
  return shown.current.graph;
}

interface DrawingProps {
  readonly drawn: GraphLayout;
  readonly graph: WaitGraph;
  readonly label: string;
}

export const Drawing: FunctionComponent<DrawingProps> = ({ drawn, graph, label }) => {
  const edges = new Map([...graph.ring, ...graph.edges].map((edge) => [`${edge.from} ${edge.to}`, edge]));
  return (
    <svg viewBox={`0 0 ${drawn.width} ${drawn.height}`} style={{ maxWidth: `${drawn.width * 1.15}px` }}>
      <title>{label}</title>
      <defs>
        <Arrow id="arrow" size={8} />
        <Arrow id="arrow-stuck" size={6.5} />
      </defs>
      {drawn.edges.map((routed) => (
        <Edge
          key={`${routed.edge.from} ${routed.edge.to}`}
          routed={routed}
          edge={edges.get(`${routed.edge.from} ${routed.edge.to}`) ?? routed.edge}
        />
      ))}
      {drawn.nodes.map((placed) => (
        <Node key={placed.node.key} placed={placed} />
      ))}
    </svg>
  );
};

const Arrow: FunctionComponent<{ readonly id: string; readonly size: number }> = ({ id, size }) => (
  <marker id={id} viewBox="0 0 8 8" refX="7" refY="4" markerWidth={size} markerHeight={size} orient="auto">
    <path class={id} d="M0 .6 8 4 0 7.4Z" />
  </marker>
);

const Edge: FunctionComponent<{ readonly routed: Routed; readonly edge: GraphEdge }> = ({ routed, edge }) => {
  const { stuck, label, path } = routed;
  const kind = stuck ? 'stuck' : edge.since === null ? '' : 'waits';
  return (
    <g>
      <path class={`edge ${kind}`} d={path} marker-end={`url(#${stuck ? 'arrow-stuck' : 'arrow'})`} />
      {label !== null && (
        <text class="word" x={label.x} y={label.y} text-anchor={label.anchor}>
          {edge.since === null ? (
            'held by'
          ) : (
            <>
              waits <Since at={edge.since} />
            </>
          )}
        </text>
      )}
    </g>
  );
};

/** px of a node's width that its name leaves free. */
const MARGIN = 12;
let sheet: CanvasRenderingContext2D | null | undefined;

/** As much of a name as has room, in whole characters as they are seen: an emoji may be several. */
function fitting(name: string, room: number): string {
  if (sheet === undefined) {
    sheet = document.createElement('canvas').getContext('2d');
    // As graph.css has it.
    if (sheet !== null) sheet.font = `560 12.5px ${getComputedStyle(document.body).fontFamily}`;
  }
  const fits = (text: string): boolean => (sheet?.measureText(text).width ?? 0) <= room;
  if (fits(name)) return name;
  let text = '';
  for (const { segment } of new Intl.Segmenter().segment(name)) {
    if (!fits(`${text}${segment}…`)) break;
    text += segment;
  }
  return `${text}…`;
}

const Node: FunctionComponent<{ readonly placed: Placed }> = ({ placed }) => {
  const { open } = usePage();
  const { node, x, y, width, height, stuck } = placed;
  const tall = height > 30 && node.under !== '';
  const { kind, id } = node.opens;
  const go = (event: Event): void => {
    event.preventDefault();
    open(node.opens);
  };
  const name = fitting(node.label, width - MARGIN);
  const look = `${node.waitedFor ? 'waited-for' : ''} ${stuck ? 'stuck' : ''}`;
  return (
    <a class={`node ${look}`} href={`#${kind}-${id}`} onClick={go}>
      {name !== node.label && <title>{node.label}</title>}
      <rect
        x={x - width / 2}
        y={y - height / 2}
        width={width}
        height={height}
        rx={node.waitedFor ? height / 2 : 8}
      />
      <text x={x} y={tall ? y - 2 : y + 4.5} text-anchor="middle">
        {name}
      </text>
      {tall && (
        <text class="under" x={x} y={y + 12} text-anchor="middle">
          {node.under}
        </text>
      )}
    </a>
  );
};
