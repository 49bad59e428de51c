import type { FunctionComponent } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Finding } from '../../types.js';
import type { Moment, Selected } from '../model/moment.js';
import type { Stream } from '../stream.js';
import { Drawer } from './drawer.js';
import { Events } from './events.js';
import { Findings } from './findings.js';
import { Graph } from './graph.js';
import { Head } from './head.js';
import { Locks } from './locks.js';
import { Machines } from './machines.js';
import { type Page, PageContext } from './page.js';
import { Pools } from './pools.js';
import { Threads } from './threads.js';
import { Vitals } from './vitals.js';
import './base.css';

interface AppProps {
  readonly moment: Moment;
  readonly stream: Stream;
}

/** The whole page: findings, five numbers, threads beside who waits for whom, locks, pools, machines, events; one drawer. */
export const App: FunctionComponent<AppProps> = ({ moment, stream }) => {
  const [selected, select] = useState<Selected | null>(null);
  const [filter, setFilter] = useState('');
  const [chosen, choose] = useState<string | null>(null);
  const { connection } = stream;
  const latest = useRef(connection);
  latest.current = connection;
  const now = useMemo(
    () => () => (latest.current.state === 'live' ? moment.now() : moment.at(latest.current.since)),
    [moment],
  );
  const page: Page = { moment, connection, selected, open: select, now };
  const close = (): void => select(null);
  const toggle = (): void => (connection.state === 'paused' ? stream.open() : stream.pause());
  useKeys(close, toggle);
  // What another process calls by the same number is something else.
  useEffect(close, [moment.process?.pid, moment.process?.started]);
  useAsked(moment, select);

  const show = (finding: Finding): void => {
    if (finding.kind.endsWith('deadlock')) choose(finding.id);
    if (finding.kind === 'abandoned') select({ kind: 'primitive', id: finding.primitive });
    else go(PLACES[finding.kind]);
  };
  if (moment.process === null) {
    return (
      <PageContext.Provider value={page}>
        <Head toggle={toggle} />
        <main class="wrap" id="main">
          <p class="nobody first">{connection.state === 'lost' ? 'Nobody answers yet.' : 'Connecting …'}</p>
        </main>
      </PageContext.Provider>
    );
  }
  return (
    <PageContext.Provider value={page}>
      <a class="skip" href="#threads">
        Skip to threads
      </a>
      <Head toggle={toggle} />
      <main class="wrap" data-stale={connection.state === 'lost' || connection.state === 'ended'}>
        <Findings show={show} />
        <Vitals />
        <div class="grid two">
          <Threads filter={filter} />
          <Graph chosen={chosen} />
        </div>
        <Locks filter={filter} onFilter={setFilter} />
        <Pools />
        <Machines chosen={chosen} />
        <Events />
        <footer class="foot">
          <span>Read only. Served by {location.host}.</span>
          <span class="space" />
          <a href="./inspect.json">inspect.json</a>
          <a href="./metrics">metrics</a>
          <a href="./dump.txt">dump.txt</a>
        </footer>
      </main>
      <Drawer close={close} />
    </PageContext.Provider>
  );
};

/** The part of the page that shows more of a finding. */
const PLACES = {
  deadlock: 'waits',
  'distributed-deadlock': 'machines',
  starvation: 'pools',
  stall: 'waits',
} as const;

/** Shows a part of the page and puts the focus there. */
function go(id: string): void {
  const part = document.getElementById(id);
  part?.scrollIntoView();
  part?.focus({ preventScroll: true });
}

/** `/` filters, space pauses, Esc closes. */
function useKeys(close: () => void, toggle: () => void): void {
  const keys = useRef({ close, toggle });
  keys.current = { close, toggle };
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const { target } = event;
      if (event.key === 'Escape') keys.current.close();
      else if (event.ctrlKey || event.metaKey || event.altKey || target instanceof HTMLInputElement) return;
      else if (event.key === '/') {
        event.preventDefault();
        document.querySelector<HTMLInputElement>('.find input')?.focus();
      } else if (
        event.key === ' ' &&
        (target === document.body || (target instanceof HTMLElement && target.tabIndex === -1))
      ) {
        event.preventDefault();
        keys.current.toggle();
      }
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

/** `?open=lock:ledger`, `thread:`, `pool:` or `machine:` and a name: opened once it is there. */
function useAsked(moment: Moment, select: (what: Selected) => void): void {
  const asked = useRef(new URLSearchParams(location.search).get('open')?.split(/:(.*)/s));
  useEffect(() => {
    const [kind, name] = asked.current ?? [];
    if (name === undefined) return;
    const find = (
      all: Iterable<readonly [number | string, { readonly name: string }]>,
      kind: Selected['kind'],
    ): void => {
      for (const [id, one] of all) {
        if (one.name !== name) continue;
        asked.current = undefined;
        select({ kind, id } as Selected);
        return;
      }
    };
    if (kind === 'lock') find(moment.primitives, 'primitive');
    else if (kind === 'thread') find(moment.threads, kind);
    else if (kind === 'pool') find(moment.pools, kind);
    else if (kind === 'machine')
      for (const { machines } of moment.namespaces.values())
        find(
          machines.map((machine) => [machine.session, machine] as const),
          kind,
        );
  });
}
