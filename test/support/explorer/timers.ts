import { RECHECK_MS } from '../../../src/primitives/waiting/event-loop.js';
import type { Asked } from './explores.js';
import { canceller, IDENT, MAIN, type Shared, TOLD, table, worker } from './life-cycle.js';
import type { End, Program } from './scenario.js';
import type { Side } from './simulated-process.js';

const INTERVAL_MS = 100;

/** Starts a Timer, whose worker is the thread of that index, and waits for its end, blocked. */
function joiner(worker: number): Program<Shared> {
  return ({ mail }, me, modules) => {
    const { MAIN_IDENT, Timer, clock, isCancelled, joinBlocking, load, setIdent, store, wake, withdraw } =
      modules;
    const ident = load(mail, IDENT);
    setIdent(MAIN_IDENT);
    let finished = (): void => {};
    const side: Side = {
      ident,
      isCancelled: () => isCancelled(ident),
      joinSync: ({ timeout = Number.POSITIVE_INFINITY } = {}) => joinBlocking(ident, timeout, () => {}),
      claim: () => {},
      pack: () => ({ args: [] }),
      onEnd: (run) => {
        finished = run;
      },
      beginLate: () => {
        me.starts(worker);
        store(mail, TOLD, 1);
        wake(mail, TOLD);
      },
      skip: () => {
        withdraw(ident);
        finished();
      },
    };
    const timer = new Timer(INTERVAL_MS, side as never);
    timer.start();
    me.waits(1);
    timer.joinSync();
    me.waits(-1);
    me.note(`woken at ${clock()}`);
  };
}

/** A Timer that main joins while another thread may cancel it, as a Thread. */
export function timer(): Asked<Shared> {
  const { shared, ...rest } = table([MAIN, 0, MAIN], [joiner(1), worker, canceller]);
  return {
    ...rest,
    shared: (modules) => {
      const made = shared(modules);
      modules.store(made.mail, IDENT, modules.claimSlot('one', 0));
      return { ...made, reserve: modules.allocate(16) };
    },
    atEnd: ended,
  };
}

/** It has ended at main's next look after the cancel, or at its time. */
function ended({ notes }: End): string | undefined {
  const at = (what: string): number =>
    Number(
      notes
        .flat()
        .find((note) => note.startsWith(what))
        ?.slice(what.length),
    );
  const late = at('woken at ') - at('cancelled at ');
  return late > RECHECK_MS ? `${late} ms late; ${notes.join('; ')}` : undefined;
}
