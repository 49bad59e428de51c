import type { FunctionComponent } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { MonitorEvent } from '../../protocol.js';
import { inSentence, timeOfDay } from '../format.js';
import type { Moment } from '../model/moment.js';
import { ThreadLink, usePage } from './page.js';
import './events.css';

const KINDS = ['all', 'findings', 'waits', 'jobs'] as const;
type Kind = (typeof KINDS)[number];

/** How many are listed. */
const LISTED = 25;
/** ms between two looks at them: faster than that nobody reads. */
const STAYS = 1000;

const LOOKS: Record<MonitorEvent['event'], { readonly kind: Kind; readonly look: string }> = {
  start: { kind: 'jobs', look: '' },
  end: { kind: 'jobs', look: 'good' },
  killed: { kind: 'jobs', look: 'bad' },
  wait: { kind: 'waits', look: 'warn' },
  woken: { kind: 'waits', look: 'good' },
  timeout: { kind: 'waits', look: 'warn' },
  left: { kind: 'waits', look: '' },
  release: { kind: 'waits', look: '' },
  notify: { kind: 'waits', look: '' },
  set: { kind: 'waits', look: '' },
  finding: { kind: 'findings', look: 'bad' },
};

/** What happened, the newest first. */
export const Events: FunctionComponent = () => {
  const { moment, now } = usePage();
  const [kind, choose] = useState<Kind>('all');
  const shown = useRef<{ at: number; of: string; events: readonly MonitorEvent[] }>({
    at: 0,
    of: '',
    events: [],
  });
  const due = now() - shown.current.at > STAYS || kind !== shown.current.of;
  if (due) {
    const events = moment.events.filter(({ event }) => kind === 'all' || LOOKS[event].kind === kind);
    shown.current = { at: now(), of: kind, events: events.slice(-LISTED).reverse() };
  }
  const { events } = shown.current;
  return (
    <section class="panel grid" id="events" tabIndex={-1} aria-labelledby="events-title">
      <header>
        <h2 id="events-title">Events</h2>
        <fieldset class="chips">
          <legend class="unseen">Which events</legend>
          {KINDS.map((name) => (
            <button type="button" key={name} aria-pressed={kind === name} onClick={() => choose(name)}>
              {`${name[0]?.toUpperCase()}${name.slice(1)}`}
            </button>
          ))}
        </fieldset>
      </header>
      {events.length === 0 && <p class="nobody">Nothing yet.</p>}
      <ul class="events">
        {events.map((event) => (
          <li key={`${event.time} ${event.ident} ${event.event} ${event.primitive}`}>
            <time>{timeOfDay(event.time, true)}</time>
            <span class="subject">
              <ThreadLink ident={event.ident} />
            </span>
            <span class={`event ${LOOKS[event.event].look}`}>{event.event}</span>
            <span class="what">{inWords(event, moment)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
};

function inWords({ event, primitive, by, ident }: MonitorEvent, moment: Moment): string {
  const name =
    primitive === null
      ? ''
      : primitive < 0
        ? `the end of ${inSentence(moment.threadName(-primitive))}`
        : inSentence(moment.primitiveName(primitive));
  const other = by === null || by === 0 ? null : inSentence(moment.threadName(by));
  switch (event) {
    case 'start':
      return `runs ${inSentence(moment.threads.get(ident)?.runs ?? 'its target')}`;
    case 'end':
      return 'its target has ended';
    case 'killed':
      return 'its worker was terminated, or crashed';
    case 'wait':
      return other === null ? `waits for ${name}` : `waits for ${name}, which ${other} has`;
    case 'woken':
      return other === null ? `has ${name}` : `has ${name}, from ${other}`;
    case 'timeout':
      return `gives up on ${name}`;
    case 'left':
      return `waits for ${name} no more`;
    case 'release':
      return `releases ${name}`;
    case 'notify':
      return `notifies ${name}`;
    case 'set':
      return `sets ${name}`;
    case 'finding':
      return (
        moment.findings.find((finding) => 'cycle' in finding)?.message ?? 'something is wrong: see above'
      );
  }
}
