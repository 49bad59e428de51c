import type { FunctionComponent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Selected } from '../model/moment.js';
import { MachineDetails } from './machine-details.js';
import { usePage } from './page.js';
import { PoolDetails } from './pool-details.js';
import { PrimitiveDetails } from './primitive-details.js';
import { ThreadDetails } from './thread-details.js';
import './drawer.css';

/** All there is about one thread, lock or pool. The focus goes into it, and back to where it came from. */
export const Drawer: FunctionComponent<{ readonly close: () => void }> = ({ close }) => {
  const { moment, selected } = usePage();
  const closer = useRef<HTMLButtonElement>(null);
  const drawer = useRef<HTMLElement>(null);
  const opener = useRef<Element | null>(null);
  const shown = useRef<Selected | null>(null);
  const isOpen = selected !== null;
  // While it slides out it shows what it showed.
  if (isOpen) shown.current = selected;
  useEffect(() => {
    if (isOpen) {
      opener.current ??= document.activeElement;
      closer.current?.focus({ preventScroll: true });
      if (drawer.current !== null) drawer.current.scrollTop = 0;
      return;
    }
    if (opener.current instanceof HTMLElement || opener.current instanceof SVGElement)
      opener.current.focus({ preventScroll: true });
    opener.current = null;
  }, [isOpen, selected?.kind, selected?.id]);
  const what = shown.current;
  return (
    <aside class="drawer" ref={drawer} aria-label="Details" data-open={isOpen} inert={!isOpen}>
      <header>
        <div>
          <h2>{what === null ? '' : nameOf(what, moment)}</h2>
        </div>
        <span class="space" />
        <button type="button" class="iconb" ref={closer} onClick={close} aria-label="Close (Esc)">
          <svg viewBox="0 0 20 20" class="icon" aria-hidden="true">
            <path d="m5 5 10 10M15 5 5 15" />
          </svg>
        </button>
      </header>
      <div class="body">{what !== null && <Details what={what} />}</div>
    </aside>
  );
};

const Details: FunctionComponent<{ readonly what: Selected }> = ({ what }) => {
  const { moment } = usePage();
  const gone = <p class="soft">It is not there any more.</p>;
  if (what.kind === 'machine') {
    const seen = moment.machine(what.id);
    return seen === undefined ? gone : <MachineDetails key={what.id} seen={seen} />;
  }
  const { kind, id } = what;
  if (kind === 'thread') {
    const thread = moment.threads.get(id);
    return thread === undefined ? gone : <ThreadDetails key={id} thread={thread} />;
  }
  if (kind === 'pool') {
    const pool = moment.pools.get(id);
    return pool === undefined ? gone : <PoolDetails pool={pool} />;
  }
  const primitive = moment.primitives.get(id);
  return primitive === undefined ? gone : <PrimitiveDetails primitive={primitive} />;
};

function nameOf({ kind, id }: Selected, moment: ReturnType<typeof usePage>['moment']): string {
  if (kind === 'machine') return moment.machine(id)?.machine.name ?? '';
  if (kind === 'thread') return moment.threadName(id);
  return kind === 'pool' ? (moment.pools.get(id)?.name ?? '') : moment.primitiveName(id);
}
