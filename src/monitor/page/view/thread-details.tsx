import type { FunctionComponent } from 'preact';
import { useState } from 'preact/hooks';
import type { Site, ThreadInfo } from '../../types.js';
import { bytes, duration, inSentence, percent } from '../format.js';
import { Facts, LISTED, More, None, Section } from './details.js';
import { lookOf, Mark, PrimitiveLink, Since, ThreadLink, usePage } from './page.js';
import { Frames } from './verdict.js';

export const ThreadDetails: FunctionComponent<{ readonly thread: ThreadInfo }> = ({ thread }) => {
  const { moment } = usePage();
  const { loop } = thread;
  const look = lookOf(thread, moment);
  const waits = thread.waits.map((id) => moment.waits.get(id)).filter((wait) => wait !== undefined);
  const job = thread.pool === null ? '' : `, a job of ${thread.pool}`;
  return (
    <>
      <p class="soft lead">
        {thread.kind === 'main' ? 'Main thread' : `Thread ${thread.ident}`}
        {job}
        {thread.daemon && ', daemon'}
      </p>
      <Section title="Now">
        <Facts
          of={[
            [
              'State',
              <>
                <Mark look={look} /> {look}{' '}
                <span class="soft">
                  for <Since at={thread.since} />
                </span>
              </>,
            ],
            ['Runs', thread.runs === null ? null : <code>{thread.runs}</code>],
            ['Started by', thread.startedBy === null ? null : <ThreadLink ident={thread.startedBy} />],
            ['Blocked so far', duration(thread.blockedTime)],
            ['CPU', loop?.cpu == null ? null : percent(loop.cpu)],
            ['Loop busy', loop === null ? null : percent(loop.utilization)],
            ['Loop delay p99', loop === null ? null : duration(loop.delay)],
            ['Heap', loop === null ? null : `${bytes(loop.heapUsed)} of ${bytes(loop.heapLimit)}`],
            ['Native id', thread.nativeId],
          ]}
        />
        {loop !== null && moment.time - loop.heard > 4000 && (
          <p class="soft">
            Its event loop has not answered for <Since at={loop.heard} />; what it last said of itself is
            shown.
          </p>
        )}
      </Section>
      <Section title="Waits for">
        {waits.length === 0 && <None>nothing</None>}
        {waits.slice(0, LISTED).map((wait) => (
          <div class="line" key={wait.id}>
            <span>
              {wait.primitive === null ? (
                `the end of ${inSentence(wait.name)}`
              ) : (
                <PrimitiveLink id={wait.primitive} />
              )}
              {wait.count > 1 && ` ×${wait.count}`}
              <span class="soft">
                {wait.owner !== null && wait.primitive !== null && (
                  <>
                    , held by <ThreadLink ident={wait.owner} />
                  </>
                )}
                {wait.face === 'observable' && ', in Observables'}
                {wait.until !== null && ', with a timeout'}
              </span>
            </span>
            <span class="nowrap">
              <Since at={wait.since} />
            </span>
          </div>
        ))}
        <More of={waits.length - LISTED} />
      </Section>
      <Section title="Holds">
        {thread.holds.length === 0 && <None>nothing</None>}
        {thread.holds.slice(0, LISTED).map((id) => (
          <div class="line" key={id}>
            <PrimitiveLink id={id} />
            <span class="soft">{moment.primitives.get(id)?.queue.length ?? 0} waiting</span>
          </div>
        ))}
        <More of={thread.holds.length - LISTED} />
      </Section>
      <Stack thread={thread} sites={waits.flatMap(({ site }) => (site === null ? [] : [site]))} />
    </>
  );
};

type Asked = 'no' | 'asked' | 'off' | 'silent' | readonly Site[];

/** Where its waits began is told by itself; the whole stack stops the thread for a moment, so it is asked for. */
const Stack: FunctionComponent<{ readonly thread: ThreadInfo; readonly sites: readonly Site[] }> = ({
  thread,
  sites,
}) => {
  const [asked, become] = useState<Asked>('no');
  const ask = (): void => {
    become('asked');
    stackOf(thread.ident).then(become, () => become('silent'));
  };
  const taken = typeof asked !== 'string';
  return (
    <Section title={taken ? 'Stack, a moment ago' : 'Where its waits began'}>
      <ol class="frames">
        <Frames stack={taken ? asked : sites} />
      </ol>
      {!taken && sites.length === 0 && <None>not recorded</None>}
      {asked === 'silent' && <p class="soft">It did not answer in time.</p>}
      {asked === 'off' ? (
        <p class="soft">Whole stacks are off here.</p>
      ) : (
        <p>
          <button type="button" class="link" disabled={asked === 'asked'} onClick={ask}>
            {asked === 'asked' ? 'Asking …' : 'Take its stack'}
          </button>
        </p>
      )}
    </Section>
  );
};

async function stackOf(ident: number): Promise<Asked> {
  const response = await fetch(`./stack?ident=${ident}`);
  if (response.ok) return response.json();
  return response.status === 403 ? 'off' : 'silent';
}
