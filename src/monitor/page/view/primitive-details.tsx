import type { FunctionComponent } from 'preact';
import type { PrimitiveInfo, SiteInfo } from '../../types.js';
import { count, duration, percent, plural, rate } from '../format.js';
import { BUCKETS } from '../model/usages.js';
import { Facts, LISTED, More, None, Section } from './details.js';
import { ownerOf, shareOf } from './lock-order.js';
import { State } from './locks.js';
import { PrimitiveLink, Since, ThreadLink, usePage } from './page.js';
import { placeOf } from './verdict.js';

export const PrimitiveDetails: FunctionComponent<{ readonly primitive: PrimitiveInfo }> = ({ primitive }) => {
  const { moment } = usePage();
  const { contention, queue, state } = primitive;
  const { wait, held } = contention;
  const owner = ownerOf(primitive);
  const share = shareOf(primitive);
  const waits = queue.map((id) => moment.waits.get(id)).filter((one) => one !== undefined);
  return (
    <>
      <p class="soft lead">
        {primitive.kind}, number {primitive.id}
      </p>
      <Section title="Now">
        <Facts
          of={[
            [
              owner === null ? 'State' : 'Held by',
              owner === null ? <State primitive={primitive} /> : <Owner of={primitive} />,
            ],
            ['Its lock', 'lock' in state ? <PrimitiveLink id={state.lock} /> : null],
            [
              'Acquired',
              contention.acquires === null ? null : `${rate(moment.usages.rate(primitive.id))} a second`,
            ],
            [
              'Contended',
              share === null ? plural(contention.contended, 'wait') : `${percent(share)} of acquires`,
            ],
            ['Timeouts', contention.timeouts === 0 ? null : count(contention.timeouts)],
            ['Owners that died', contention.ownerDeaths === 0 ? null : count(contention.ownerDeaths)],
            ['Used as a signal', contention.signalled ? 'yes: released by others' : null],
          ]}
        />
      </Section>
      <Section title="Waiting, first to last">
        {waits.length === 0 && <None>nobody</None>}
        <ol class="waiters">
          {waits.slice(0, LISTED).map((one) => (
            <li key={one.id}>
              <span class="line">
                <span>
                  <ThreadLink ident={one.ident} />
                  {one.count > 1 && ` ×${one.count}`}
                  {one.face === 'observable' && <span class="soft">, Observables</span>}
                </span>
                <span class="nowrap">
                  <Since at={one.since} />
                </span>
              </span>
            </li>
          ))}
        </ol>
        <More of={waits.length - LISTED} />
      </Section>
      <Section title="How long waits took">
        <Histogram buckets={moment.usages.histogram(primitive.id)} />
        <p>
          {wait.count === 0
            ? 'No wait is over yet.'
            : `p50 ${duration(wait.p50)}, p99 ${duration(wait.p99)}, longest ${duration(wait.max)}, ${plural(wait.count, 'wait')}`}
        </p>
        {held !== null && held.count > 0 && (
          <p class="soft">
            Held: p50 {duration(held.p50)}, p99 {duration(held.p99)}, longest {duration(held.max)}
          </p>
        )}
      </Section>
      {contention.sites.length > 0 && <Sites sites={contention.sites} />}
    </>
  );
};

const Owner: FunctionComponent<{ readonly of: PrimitiveInfo }> = ({ of: { state } }) => {
  if (!('owner' in state) || state.owner === null) return null;
  const { ident, alive, depth, section } = state.owner;
  return (
    <>
      <ThreadLink ident={ident} />
      {depth > 1 && `, ${depth} times`}
      {section !== null && `, section ${section}`}
      {!alive && ', which is dead: the next to acquire is told'}
    </>
  );
};

/** From this bucket on a wait is felt, and from the other on it is long. */
const [FELT, LONG] = [12, 15];

const Histogram: FunctionComponent<{ readonly buckets: Uint32Array | null }> = ({ buckets }) => {
  if (buckets === null) return null;
  const most = Math.max(...buckets);
  const all = buckets.reduce((sum, value) => sum + value, 0);
  return (
    <>
      <div class="hist" role="img" aria-label={`${plural(all, 'wait')} seen since the page was opened`}>
        {Array.from({ length: BUCKETS }, (_, at) => {
          const value = buckets[at] ?? 0;
          const kind = at >= LONG ? 'long' : at >= FELT ? 'felt' : '';
          return (
            <i
              key={at}
              class={kind}
              style={{ height: `${value === 0 ? 0 : Math.max(3, (value / most) * 100)}%` }}
            />
          );
        })}
      </div>
      <div class="ends" aria-hidden="true">
        <span>10 µs</span>
        <span>1 ms</span>
        <span>100 ms</span>
        <span>10 s</span>
      </div>
    </>
  );
};

const Sites: FunctionComponent<{ readonly sites: readonly SiteInfo[] }> = ({ sites }) => {
  const all = sites.reduce((sum, { waitTime }) => sum + waitTime, 0) || 1;
  return (
    <Section title="Where it is waited for">
      {sites.map((site) => (
        <div class="line" key={`${site.function} ${placeOf(site)}`}>
          <span class="clip">
            <code>{site.function || '(anonymous)'}</code> <span class="faint">{placeOf(site)}</span>
          </span>
          <span class="nowrap">{percent(site.waitTime / all)}</span>
        </div>
      ))}
    </Section>
  );
};
