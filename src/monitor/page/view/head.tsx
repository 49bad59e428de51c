import type { FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { duration } from '../format.js';
import { isOver } from '../model/lanes.js';
import { toggleTheme } from '../theme.js';
import { usePage } from './page.js';
import './head.css';

const SECTIONS = ['threads', 'waits', 'locks', 'pools', 'machines', 'events'] as const;

/** Whose page it is, whether it is live, and the ways to its parts. */
export const Head: FunctionComponent<{ readonly toggle: () => void }> = ({ toggle }) => {
  const { moment } = usePage();
  const { process } = moment;
  return (
    <header class="head">
      <div class="wrap">
        <div class="bar">
          <svg class="logo" viewBox="0 0 26 26" aria-hidden="true">
            <rect class="run" x="1" y="3" width="15" height="5" rx="2.5" />
            <rect class="wait" x="7" y="10.5" width="18" height="5" rx="2.5" />
            <rect class="good" x="3" y="18" width="12" height="5" rx="2.5" />
          </svg>
          <div class="title">
            <h1>{document.title}</h1>
            <p>
              {process !== null && (
                <>
                  pid {process.pid} · Node {process.node.replace(/^v/, '')} · up{' '}
                  {duration(Math.floor((moment.time - process.started) / 1000) * 1000).replace(/\.\d/, '')}
                </>
              )}
            </p>
          </div>
          <span class="space" />
          <Pill toggle={toggle} />
          <a class="iconb hide-s" href="./trace?seconds=10" download title="Record 10 s for Perfetto">
            <span class="unseen">Record 10 s for Perfetto</span>
            <svg viewBox="0 0 20 20" class="icon" aria-hidden="true">
              <path d="M10 3v9m-3.5-3.5L10 12l3.5-3.5M4 16h12" />
            </svg>
          </a>
          <button
            type="button"
            class="iconb"
            onClick={toggleTheme}
            title="Light or dark"
            aria-label="Light or dark"
          >
            <svg viewBox="0 0 20 20" class="icon" aria-hidden="true">
              <circle cx="10" cy="10" r="3.4" />
              <path d="M10 2.5v2m0 11v2M2.5 10h2m11 0h2M4.7 4.7l1.4 1.4m7.8 7.8 1.4 1.4m0-10.6-1.4 1.4M6.1 13.9l-1.4 1.4" />
            </svg>
          </button>
        </div>
        {process !== null && <Nav />}
      </div>
    </header>
  );
};

/** Whether what is shown is of now, and a button that makes it stand still. */
const Pill: FunctionComponent<{ readonly toggle: () => void }> = ({ toggle }) => {
  const { moment, connection } = usePage();
  const { state } = connection;
  return (
    <button
      type="button"
      class="live"
      data-state={state}
      aria-pressed={state === 'paused'}
      title="Pause (space)"
      onClick={toggle}
    >
      <i aria-hidden="true" />
      {state === 'live' && 'Live'}
      {state === 'opening' && 'Connecting'}
      {state === 'paused' && 'Paused'}
      {state === 'lost' && (
        <span>
          Lost<span class="hide-s">, trying again</span>
        </span>
      )}
      {state === 'ended' && <span>Ended with {connection.code}</span>}
      {(state === 'lost' || state === 'ended') && moment.process !== null && (
        <span class="age" aria-hidden="true">
          <Ago at={connection.since} />
        </span>
      )}
    </button>
  );
};

/** By the browser's clock, which goes on when the process's is no longer heard. */
const Ago: FunctionComponent<{ readonly at: number }> = ({ at }) => {
  const [age, setAge] = useState(0);
  useEffect(() => {
    const look = (): void => setAge(Math.floor((Date.now() - at) / 1000));
    look();
    const timer = setInterval(look, 1000);
    return () => clearInterval(timer);
  }, [at]);
  return (
    <>
      {duration(age * 1000)
        .replace('.0', '')
        .replace('0 µs', '0 s')}{' '}
      ago
    </>
  );
};

const Nav: FunctionComponent = () => {
  const { moment } = usePage();
  const [at, setAt] = useState('threads');
  useEffect(() => {
    const look = (): void => {
      const above = SECTIONS.filter(
        (id) => (document.getElementById(id)?.getBoundingClientRect().top ?? 1e9) < 170,
      );
      setAt(above.at(-1) ?? 'threads');
    };
    addEventListener('scroll', look, { passive: true });
    return () => removeEventListener('scroll', look);
  }, []);
  const stuck = moment.deadlocks().length;
  const threads = [...moment.threads.values()].filter((thread) => !isOver(thread)).length;
  const machines = [...moment.namespaces.values()].reduce((sum, one) => sum + one.machines.length, 0);
  const link = (id: (typeof SECTIONS)[number], title: string, number: number | null, bad = false) => (
    <a href={`#${id}`} aria-current={at === id ? 'true' : undefined}>
      {title}
      {number !== null && <b class={bad ? 'dead' : ''}>{number}</b>}
    </a>
  );
  return (
    <nav class="nav" aria-label="Sections">
      {link('threads', 'Threads', threads)}
      {link('waits', 'Waits', stuck > 0 ? stuck : moment.waits.size, stuck > 0)}
      {link('locks', 'Locks and others', moment.primitives.size)}
      {link('pools', 'Pools', moment.pools.size)}
      {moment.namespaces.size > 0 && link('machines', 'Machines', machines)}
      {link('events', 'Events', null)}
    </nav>
  );
};
