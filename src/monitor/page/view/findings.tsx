import type { FunctionComponent } from 'preact';
import type { Finding } from '../../types.js';
import { Since, usePage } from './page.js';
import { useFirst } from './use-first.js';
import './findings.css';

const ICONS = {
  deadlock: 'M4 8a6.2 6.2 0 0 1 11-2.2M16 3v3.2h-3.2M16 12a6.2 6.2 0 0 1-11 2.2M4 17v-3.2h3.2',
  'distributed-deadlock': 'M3 4h6v4H3zM11 12h6v4h-6zM12 6h2.5v3.2M8 14H5.5v-3.2',
  starvation: 'M10 3.2a6.8 6.8 0 1 0 0 13.6 6.8 6.8 0 0 0 0-13.6M10 6.4V10l2.4 1.6',
  abandoned: 'M5.2 9V7a4.8 4.8 0 0 1 9.6 0v2M4 9h12v8H4zM8.4 11.6l3.2 3m0-3-3.2 3',
  stall: 'M6.5 4.5v11M13.5 4.5v11M3.5 4.5h6M10.5 4.5h6M3.5 15.5h6M10.5 15.5h6',
};

interface FindingsProps {
  readonly show: (finding: Finding) => void;
}

/** Findings that are shown before somebody asks for all: the rest of the page is to be seen below them. */
const FIRST = 5;

/** What is wrong, worst first; nothing at all when nothing is. The only part of the page that readers are told of. */
export const Findings: FunctionComponent<FindingsProps> = ({ show }) => {
  const { findings } = usePage().moment;
  const [shown, more] = useFirst(findings, FIRST, 'findings');
  return (
    <>
      <div class="findings" role="status" aria-live="polite">
        {shown.map((finding) => (
          <Row key={finding.id} finding={finding} show={show} />
        ))}
      </div>
      {more}
    </>
  );
};

const Row: FunctionComponent<FindingsProps & { readonly finding: Finding }> = ({ finding, show }) => {
  const [title, rest] = parts(finding.message);
  return (
    <button type="button" class={`finding ${isGrave(finding) ? 'grave' : ''}`} onClick={() => show(finding)}>
      <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
        <path d={ICONS[finding.kind]} />
      </svg>
      <span class="say">
        <strong>{title}</strong>
        {rest} {/* Not read out again ten times a second. */}
        <span class="age" aria-hidden="true">
          <Since at={finding.since} />
        </span>
      </span>
      <span class="go">{GO[finding.kind]}</span>
    </button>
  );
};

const GO = {
  deadlock: 'Show the cycle',
  'distributed-deadlock': 'Show the machines',
  starvation: 'Show the pool',
  abandoned: 'Show the lock',
  stall: 'Show the waits',
};

/** What kind of thing it is, and what it is about: messages have both, with a colon between. */
function parts(message: string): [title: string, rest: string] {
  const colon = message.indexOf(': ') + 1;
  return [message.slice(0, colon), message.slice(colon)];
}

function isGrave(finding: Finding): boolean {
  return finding.kind === 'stall' || (finding.kind === 'deadlock' && finding.certainty === 'certain');
}
