import type { FunctionComponent } from 'preact';
import type { PoolInfo } from '../../types.js';
import { count, duration, plural } from '../format.js';
import { Facts, LISTED, More, None, Section } from './details.js';
import { lookOf, Mark, Since, ThreadLink, usePage } from './page.js';

export const PoolDetails: FunctionComponent<{ readonly pool: PoolInfo }> = ({ pool }) => {
  const { moment } = usePage();
  const { run, wait } = pool;
  return (
    <>
      <p class="soft lead">
        Pool of <ThreadLink ident={pool.of} />
      </p>
      <Section title="Now">
        <Facts
          of={[
            ['Workers', `${pool.busy} busy of ${pool.threads} started, ${pool.maxThreads} at most`],
            [
              'Queued',
              pool.maxQueue === null
                ? count(pool.queued)
                : `${count(pool.queued)} of ${count(pool.maxQueue)}`,
            ],
            ['Completed', count(pool.completed)],
            ['Failed', count(pool.failed)],
            ['Cancelled', count(pool.cancelled)],
          ]}
        />
      </Section>
      <Section title="How long jobs took">
        {run.count === 0 ? (
          <None>none has ended yet</None>
        ) : (
          <Facts
            of={[
              ['Ran', `p50 ${duration(run.p50)}, p99 ${duration(run.p99)}, longest ${duration(run.max)}`],
              [
                'Were queued',
                `p50 ${duration(wait.p50)}, p99 ${duration(wait.p99)}, longest ${duration(wait.max)}`,
              ],
            ]}
          />
        )}
      </Section>
      <Section title="Run now">
        {pool.jobs.length === 0 && <None>none</None>}
        {pool.jobs.slice(0, LISTED).map((ident) => {
          const thread = moment.threads.get(ident);
          return (
            <div class="line" key={ident}>
              <span class="owner">
                {thread !== undefined && <Mark look={lookOf(thread, moment)} />}
                <ThreadLink ident={ident} />
              </span>
              <span class="nowrap">{thread !== undefined && <Since at={thread.since} />}</span>
            </div>
          );
        })}
        <More of={pool.jobs.length - LISTED} />
      </Section>
      <Section title="Next">
        {pool.next.length === 0 && (
          <None>{pool.queued === 0 ? 'nothing is queued' : plural(pool.queued, 'job')}</None>
        )}
        {pool.next.map(({ name, since }, at) => (
          <div class="line" key={at}>
            <span class="clip">{name}</span>
            <span class="nowrap">
              <Since at={since} />
            </span>
          </div>
        ))}
        {pool.next.length > 0 && <More of={pool.queued - pool.next.length} />}
      </Section>
    </>
  );
};
