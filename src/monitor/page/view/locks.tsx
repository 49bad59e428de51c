import type { ComponentChildren, FunctionComponent } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { PrimitiveInfo } from '../../types.js';
import { duration, inSentence, percent, plural, rate } from '../format.js';
import { type Column, longest, shareOf, useOrder } from './lock-order.js';
import { lookOf, Mark, Since, usePage } from './page.js';
import { useRows } from './use-rows.js';
import './locks.css';

const COLUMNS: readonly (readonly [Column, string, string])[] = [
  ['name', 'Name', 'c-name'],
  ['owner', 'Held by', 'c-owner'],
  ['cost', 'Waiting, first to last', 'c-queue'],
  ['contended', 'Contended', 'c-share'],
  ['rate', 'Acquired /s', 'c-rate r'],
  ['p50', 'Wait p50', 'c-p50 r'],
  ['p99', 'p99', 'c-p99 r'],
  ['max', 'max', 'c-max r'],
  ['held', 'Held p99', 'c-held r'],
];

interface LocksProps {
  readonly filter: string;
  readonly onFilter: (filter: string) => void;
}

/** All primitives, what cost most waiting in the last minute first. */
export const Locks: FunctionComponent<LocksProps> = ({ filter, onFilter }) => {
  const page = usePage();
  const [column, sortBy] = useState<Column>('cost');
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useOrder(column, filter, scroller);
  const { height, first, last } = useRows(scroller, rows.length);
  const all = page.moment.primitives.size;
  return (
    <section class="panel grid" id="locks" tabIndex={-1} aria-labelledby="locks-title">
      <header>
        <h2 id="locks-title">Locks and others</h2>
        <span class="soft hide-m">
          {filter === '' ? 'what cost most waiting in the last minute first' : `${rows.length} of ${all}`}
        </span>
        <div class="tools">
          <label class="find">
            <svg viewBox="0 0 16 16" class="icon" aria-hidden="true">
              <circle cx="7" cy="7" r="4.2" />
              <path d="m10.3 10.3 3.2 3.2" />
            </svg>
            <input
              type="search"
              placeholder="Filter by name"
              aria-label="Filter threads and locks by name"
              value={filter}
              onInput={(event) => onFilter(event.currentTarget.value.toLowerCase())}
            />
            <kbd>/</kbd>
          </label>
        </div>
      </header>
      <div class="rows" ref={scroller}>
        <table aria-rowcount={rows.length + 1} aria-labelledby="locks-title">
          <thead>
            <tr aria-rowindex={1}>
              {COLUMNS.map(([key, title, kind]) => (
                <th
                  key={key}
                  scope="col"
                  class={kind}
                  aria-sort={key !== column ? undefined : isName(key) ? 'ascending' : 'descending'}
                >
                  <button type="button" onClick={() => sortBy(key)}>
                    {title}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Blank height={first * height} />
            {rows.slice(first, last).map((primitive, at) => (
              <Row key={primitive.id} primitive={primitive} place={first + at + 2} />
            ))}
            <Blank height={(rows.length - last) * height} />
          </tbody>
        </table>
        {rows.length === 0 && (
          <p class="nobody">
            {filter === '' ? 'None yet: a lock is listed once somebody waits for it.' : 'No such name.'}
          </p>
        )}
      </div>
    </section>
  );
};

function isName(column: Column): boolean {
  return column === 'name' || column === 'owner';
}

/** In place of the rows out of view. One cell: a table has as many columns as a row spans, also where some are not shown. */
const Blank: FunctionComponent<{ readonly height: number }> = ({ height }) =>
  height <= 0 ? null : (
    <tr class="blank" style={{ height: `${height}px` }}>
      <td />
    </tr>
  );

const Row: FunctionComponent<{ readonly primitive: PrimitiveInfo; readonly place: number }> = ({
  primitive,
  place,
}) => {
  const { moment, selected, open } = usePage();
  const { id, kind, name, contention } = primitive;
  const { wait, held } = contention;
  const stuck = primitive.queue.some((one) => {
    const ident = moment.waits.get(one)?.ident;
    return ident !== undefined && moment.deadlockOf(ident) !== undefined;
  });
  const share = shareOf(primitive);
  const since = longest(primitive, moment);
  const longer = since !== undefined && moment.time - since > wait.max;
  const of = (value: number): string => duration(wait.count === 0 ? null : value);
  return (
    <tr
      aria-rowindex={place}
      class={selected?.kind === 'primitive' && selected.id === id ? 'selected' : ''}
      onClick={() => open({ kind: 'primitive', id })}
    >
      <td class="c-name">
        <div class="named">
          <button type="button" class="pname" data-row data-id={id}>
            {name}
          </button>
          <span class="kind">{kind}</span>
        </div>
      </td>
      <td class="c-owner">
        <State primitive={primitive} />
      </td>
      <td class="c-queue">
        <Queue primitive={primitive} most={3} />
      </td>
      <td class="c-share">
        {share === null ? (
          <Dash />
        ) : (
          <span class="share">
            <span class="bar">
              <i class={stuck ? 'hot' : ''} style={{ width: `${Math.max(1, share * 100)}%` }} />
            </span>
            <span>{percent(share)}</span>
          </span>
        )}
      </td>
      <td class="c-rate r">{rate(moment.usages.rate(id))}</td>
      <td class="c-p50 r">{of(wait.p50)}</td>
      <td class="c-p99 r">{of(wait.p99)}</td>
      <td class={`c-max r ${longer && stuck ? 'bad' : ''}`}>
        {longer ? <Since at={since} /> : of(wait.max)}
      </td>
      <td class="c-held r">{duration(held === null || held.count === 0 ? null : held.p99)}</td>
    </tr>
  );
};

const Dash: FunctionComponent = () => <span class="faint hide-s">–</span>;

/** Who has it, or what its number or flag is. */
export const State: FunctionComponent<{ readonly primitive: PrimitiveInfo }> = ({ primitive: { state } }) => {
  const { moment } = usePage();
  const words = (text: ComponentChildren) => <span class="soft">{text}</span>;
  if ('unknown' in state) return words('–');
  if ('value' in state)
    return words(state.most === null ? `${state.value} left` : `${state.value} of ${state.most} left`);
  if ('isSet' in state) return words(state.isSet ? 'set' : 'clear');
  if ('lock' in state) return words(`of ${inSentence(moment.primitiveName(state.lock))}`);
  if ('parties' in state)
    return words(state.broken ? 'broken' : `${state.arrived} of ${state.parties} there`);
  if (state.owner === null) return words('free');
  const { ident, alive, depth } = state.owner;
  const thread = moment.threads.get(ident);
  return (
    <span class="owner">
      <Mark look={!alive ? 'dead' : thread === undefined ? 'running' : lookOf(thread, moment)} />
      <span class="clip">{moment.threadName(ident)}</span>
      {depth > 1 && <span class="faint">×{depth}</span>}
      {!alive && <span class="faint">dead</span>}
    </span>
  );
};

const Queue: FunctionComponent<{ readonly primitive: PrimitiveInfo; readonly most: number }> = ({
  primitive,
  most,
}) => {
  const { moment } = usePage();
  const waits = primitive.queue.map((id) => moment.waits.get(id)).filter((wait) => wait !== undefined);
  if (waits.length === 0) return <span class="faint hide-s">nobody</span>;
  return (
    <span class="queue">
      {waits.slice(0, most).map((wait) => {
        const stuck = moment.deadlockOf(wait.ident) !== undefined;
        const look = stuck ? 'stuck' : wait.face;
        return (
          <span
            key={wait.id}
            class={`pill ${look}`}
            title={wait.face === 'observable' ? 'In Observables: the thread runs on' : ''}
          >
            {moment.threadName(wait.ident)}
            {wait.count > 1 && ` ×${wait.count}`}
          </span>
        );
      })}
      {waits.length > most && <span class="pill more">{plural(waits.length - most, 'more', 'more')}</span>}
    </span>
  );
};
