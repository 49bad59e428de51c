import type { FunctionComponent } from 'preact';
import { useRef } from 'preact/hooks';
import type { WaitInfo } from '../../types.js';
import { inSentence, plural } from '../format.js';
import { type Lane, WINDOW } from '../model/lanes.js';
import { Alive } from './alive.js';
import { useLaneCanvas } from './lane-canvas.js';
import { lookOf, Mark, Since, usePage } from './page.js';
import { useRows } from './use-rows.js';
import './threads.css';

/** A lane for each thread: what it did in the last half minute. */
export const Threads: FunctionComponent<{ readonly filter: string }> = ({ filter }) => {
  const { moment, selected, open, now } = usePage();
  const all = moment.lanes.all(now());
  const lanes = filter === '' ? all : all.filter(({ thread }) => thread.name.toLowerCase().includes(filter));
  const scroller = useRef<HTMLDivElement>(null);
  const { height, first, last } = useRows(scroller, lanes.length);
  const shown = lanes.slice(first, last);
  const canvas = useRef<HTMLCanvasElement>(null);
  useLaneCanvas(canvas, shown, height);
  return (
    <section class="panel" id="threads" tabIndex={-1} aria-labelledby="threads-title">
      <header>
        <h2 id="threads-title">Threads</h2>
        <Legend />
        <span class="space" />
        <span class="soft hide-m">
          {filter === '' ? `last ${WINDOW / 1000} s` : `${lanes.length} of ${plural(all.length, 'thread')}`}
        </span>
      </header>
      <div class="axis" aria-hidden="true">
        <span>-30 s</span>
        <span>-20 s</span>
        <span>-10 s</span>
        <span>now</span>
      </div>
      <div class="lanes" ref={scroller}>
        <div class="all" style={{ height: `${lanes.length * height}px` }}>
          {shown.map((lane, at) => (
            <button
              type="button"
              key={lane.key}
              class="lane"
              data-row
              aria-pressed={selected?.kind === 'thread' && selected.id === lane.thread.ident}
              style={{ top: `${(first + at) * height}px` }}
              onClick={() => open({ kind: 'thread', id: lane.thread.ident })}
            >
              <span class="who">
                <Mark look={lookOf(lane.thread, moment)} />
                <span class="n">{lane.thread.name}</span>
                {lane.thread.daemon && <span class="id hide-s">daemon</span>}
              </span>
              <Note lane={lane} />
            </button>
          ))}
          <canvas ref={canvas} style={{ top: `${first * height}px`, height: `${shown.length * height}px` }} />
        </div>
      </div>
      <Alive />
    </section>
  );
};

const Legend: FunctionComponent = () => (
  <div class="legend" aria-hidden="true">
    <span>
      <i class="sw run" />
      running
    </span>
    <span>
      <i class="sw wait" />
      waiting
    </span>
    <span>
      <i class="sw dead" />
      deadlocked
    </span>
    <span>
      <i class="sw idle" />
      idle
    </span>
  </div>
);

/** What the thread does now, in words. */
const Note: FunctionComponent<{ readonly lane: Lane }> = ({ lane: { thread } }) => {
  const { moment } = usePage();
  const look = lookOf(thread, moment);
  const wait = oldest(thread.waits.map((id) => moment.waits.get(id)));
  if (wait !== undefined && (look === 'waiting' || look === 'deadlocked')) {
    return (
      <span class={`note timed ${look}`}>
        <span class="clip">
          {wait.primitive === null ? 'joins' : 'waits for'} <b>{wait.name}</b>
        </span>{' '}
        <span class="nowrap">
          <Since at={wait.since} />
        </span>
      </span>
    );
  }
  if (wait !== undefined && look !== 'dead' && look !== 'stopped') {
    const waits = thread.waits.reduce((sum, id) => sum + (moment.waits.get(id)?.count ?? 0), 0);
    return (
      <span class="note timed">
        <span class="clip">
          {plural(waits, 'wait')} for <b>{wait.name}</b>
        </span>{' '}
        <span class="nowrap">
          <Since at={wait.since} />
        </span>
      </span>
    );
  }
  const held = thread.holds.map((id) => inSentence(moment.primitiveName(id)));
  if (look === 'dead') {
    return (
      <span class="note">
        killed{held.length > 0 && ', held '}
        <b>{held.join(', ')}</b>
      </span>
    );
  }
  if (look === 'sleeping') return <span class="note">sleeps</span>;
  if (look === 'queued') {
    return (
      <span class="note">
        queued <Since at={thread.since} />
      </span>
    );
  }
  if (look === 'stopped') return <span class="note">ended</span>;
  if (thread.runs === null) return <span class="note">{look}</span>;
  return (
    <span class="note">
      {look === 'idle' ? 'idle in' : 'runs'} <b>{thread.runs}</b>
    </span>
  );
};

function oldest(waits: readonly (WaitInfo | undefined)[]): WaitInfo | undefined {
  return waits.filter((wait) => wait !== undefined).sort((a, b) => a.since - b.since)[0];
}
