import type { FunctionComponent } from 'preact';
import type { Deadlock, Doubt, Site } from '../../types.js';
import { inSentence, list } from '../format.js';
import type { Moment } from '../model/moment.js';
import { Mark, ThreadLink, usePage } from './page.js';

/** How sure it is that a cycle is a deadlock, what might end it, what to do, and where each waiter is. */
export const Verdict: FunctionComponent<{ readonly deadlock: Deadlock; readonly others: number }> = ({
  deadlock,
  others,
}) => {
  const { moment } = usePage();
  const { certainty, doubts, cycle } = deadlock;
  const remedy = remedyOf(deadlock, moment);
  return (
    <>
      <div class="verdict">
        {certainty === 'certain' ? (
          <p>
            <span class="certain">Nobody can go on</span> {cycle.length === 1 ? 'It blocks' : 'All block'}{' '}
            without a timeout, and only the owner has ever released{' '}
            {cycle.length === 1 ? 'this lock' : 'these locks'}.
          </p>
        ) : (
          <p>
            <span class="certain maybe">
              {doubts.every(({ kind }) => kind === 'unsubscribe')
                ? 'Nobody in it can go on by itself'
                : 'May be a deadlock'}
            </span>{' '}
            {doubts.map((doubt, at) => (
              <span key={at}>{inWords(doubt, moment)} </span>
            ))}
            {doubts.some(({ kind }) => kind === 'timeout') && <Ends doubts={doubts} />}
          </p>
        )}
        {remedy !== null && <p class="soft">{remedy}</p>}
        {others > 0 && <p class="soft">There is more than one: each is among the findings above.</p>}
      </div>
      {cycle.map(({ wait, holds, stack }) => (
        <div class="stack" key={wait.id}>
          <h3>
            <Mark look="deadlocked" />
            <ThreadLink ident={wait.ident} />
            {holds !== null && <span class="faint">holds {inSentence(moment.primitiveName(holds))}</span>}
          </h3>
          <ol>
            <li class="call">
              <span class="fn">{callOf(wait, moment)}</span>
              <span class="at">
                <bdi>{wait.name}</bdi>
              </span>
            </li>
            <Frames stack={stack} />
          </ol>
        </div>
      ))}
    </>
  );
};

export const Frames: FunctionComponent<{ readonly stack: readonly Site[] }> = ({ stack }) => (
  <>
    {stack.map((site, at) => (
      <li key={at}>
        <span class="fn">{site.function || '(anonymous)'}</span>
        <span class="at">
          <bdi>{placeOf(site)}</bdi>
        </span>
      </li>
    ))}
  </>
);

export function placeOf({ file, line }: Site): string {
  return `${file}:${line}`;
}

const Ends: FunctionComponent<{ readonly doubts: readonly Doubt[] }> = ({ doubts }) => {
  const { now } = usePage();
  const ends = doubts.flatMap((doubt) => (doubt.kind === 'timeout' ? [doubt.until] : []));
  const first = Math.min(...ends);
  return first > now() ? <>It ends in {Math.ceil((first - now()) / 1000)} s.</> : <>It is about to end.</>;
};

function inWords(doubt: Doubt, moment: Moment): string {
  switch (doubt.kind) {
    case 'signalled': {
      const name = inSentence(moment.primitiveName(doubt.primitive));
      const known = moment.primitives.get(doubt.primitive)?.contention.signalled === true;
      const why = known ? 'released by another than its owner before' : 'seen to be released by its owner';
      return `${name} has ${known ? '' : 'not '}been ${why}, so it may be used as a signal.`;
    }
    case 'unsubscribe':
      return `${inSentence(moment.threadName(doubt.ident))} waits in a pipeline, which somebody may unsubscribe.`;
    case 'loop-runs':
      return `${inSentence(moment.threadName(doubt.ident))} waits in Observables: its loop runs on, and other code of it may release what it has.`;
    case 'timeout':
      return 'A wait of it gives up by itself.';
    case 'permits':
      return `Who has the permits of ${inSentence(moment.primitiveName(doubt.primitive))} is known only since the monitor runs.`;
  }
}

/** What to change, where the shape of the cycle tells. */
function remedyOf({ cycle }: Deadlock, moment: Moment): string | null {
  if (cycle.some(({ wait }) => wait.primitive === null)) {
    return 'A thread is joined by one that it waits for. Join it after what it needs has been released.';
  }
  const names = cycle.map(({ wait }) => wait.name);
  if (cycle.length === 1) {
    const [edge] = cycle;
    const kind = edge?.wait.primitive == null ? undefined : moment.primitives.get(edge.wait.primitive)?.kind;
    if (kind !== 'Lock') return null;
    return 'It takes a Lock that it has already. Let an inner function expect that the lock is held, or use an RLock.';
  }
  return orderFor(names);
}

/** In which order locks are to be taken that are taken in different ones. */
export function orderFor(names: readonly string[]): string {
  const sorted = [...names].sort().map(inSentence);
  if (names.length === 2) {
    return `They take the two locks in opposite order. Take ${sorted[0]} before ${sorted[1]} in both, or hold one lock over both steps.`;
  }
  return `They take ${list(sorted)} in different orders. Take them in one order everywhere, or hold one lock over all steps.`;
}

function callOf({ primitive, face }: Deadlock['cycle'][number]['wait'], moment: Moment): string {
  if (primitive === null) return face === 'blocking' ? 'Thread.joinSync' : 'Thread.join';
  const kind = moment.primitives.get(primitive)?.kind ?? 'Lock';
  return `${kind}.${face === 'blocking' ? 'acquireSync' : 'acquire'}`;
}
