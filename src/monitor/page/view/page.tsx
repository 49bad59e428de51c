import { createContext, type FunctionComponent } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { ThreadInfo } from '../../types.js';
import { elapsed } from '../format.js';
import { isOver } from '../model/lanes.js';
import type { Moment, Selected } from '../model/moment.js';
import type { Connection } from '../stream.js';

/** What every part of the page needs. */
export interface Page {
  readonly moment: Moment;
  readonly connection: Connection;
  readonly selected: Selected | null;
  open(what: Selected): void;
  /** In the process's clock. Unless the connection is live, the moment since when it is not. */
  now(): number;
}

export const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === null) throw new Error('a part of the page is not within it');
  return page;
}

/** ms between two looks at a clock that is shown. */
const TICK = 100;
const ticking = new Set<() => void>();
setInterval(() => {
  for (const tick of ticking) tick();
}, TICK);

/** How long ago it began, live. */
export const Since: FunctionComponent<{ readonly at: number }> = ({ at }) => {
  const { now } = usePage();
  const [, show] = useState('');
  useEffect(() => {
    const tick = (): void => show(elapsed(now() - at));
    ticking.add(tick);
    return () => {
      ticking.delete(tick);
    };
  }, [at, now]);
  return <>{elapsed(now() - at)}</>;
};

/** What a thread's mark, colour and word tell of it. */
export type ThreadLook =
  | 'running'
  | 'waiting'
  | 'deadlocked'
  | 'idle'
  | 'sleeping'
  | 'queued'
  | 'stopped'
  | 'dead';

export function lookOf(thread: ThreadInfo, moment: Moment): ThreadLook {
  if (!isOver(thread) && moment.deadlockOf(thread.ident) !== undefined) return 'deadlocked';
  return thread.activity;
}

/** A thread's state as a shape; the word is beside it, or in the text for readers. */
export const Mark: FunctionComponent<{ readonly look: ThreadLook }> = ({ look }) => (
  <i class={`mark-${look}`} aria-hidden="true" />
);

export const ThreadLink: FunctionComponent<{ readonly ident: number }> = ({ ident }) => {
  const { moment, open } = usePage();
  const name = moment.threadName(ident);
  if (!moment.threads.has(ident)) return <>{name}</>;
  return (
    <button type="button" class="link" onClick={() => open({ kind: 'thread', id: ident })}>
      {name}
    </button>
  );
};

export const PrimitiveLink: FunctionComponent<{ readonly id: number }> = ({ id }) => {
  const { moment, open } = usePage();
  const name = moment.primitiveName(id);
  if (!moment.primitives.has(id)) return <>{name}</>;
  return (
    <button type="button" class="link" onClick={() => open({ kind: 'primitive', id })}>
      {name}
    </button>
  );
};

export const MachineLink: FunctionComponent<{ readonly session: string }> = ({ session }) => {
  const { moment, open } = usePage();
  const found = moment.machine(session);
  if (found === undefined) return <>one that is gone</>;
  return (
    <button type="button" class="link" onClick={() => open({ kind: 'machine', id: session })}>
      {found.machine.name}
    </button>
  );
};
