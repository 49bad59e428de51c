import type { FunctionComponent } from 'preact';
import { elapsed, inSentence } from '../format.js';
import { sharesOf } from '../model/machine-shares.js';
import type { SeenMachine } from '../model/moment.js';
import { Facts, None, Section } from './details.js';
import { MachineLink, Since, usePage } from './page.js';

export const MachineDetails: FunctionComponent<{ readonly seen: SeenMachine }> = ({
  seen: { machine, namespace },
}) => {
  const { now } = usePage();
  const { holds, waits } = sharesOf(machine.session, namespace);
  const left = machine.leaseEnds - now();
  return (
    <>
      <p class="soft lead">
        Machine of {inSentence(namespace.namespace)}
        {machine.own && ', this process'}
      </p>
      <Section title="Now">
        <Facts
          of={[
            ['Host', machine.host],
            ['Process', machine.pid],
            ['Node', machine.node],
            [
              'Joined',
              <>
                <Since at={machine.joined} /> ago
              </>,
            ],
            ['Lease', left > 0 ? `ends in ${elapsed(left)}, unless renewed` : 'over'],
            ['Threads', machine.threads],
            ['Session', <code>{machine.session}</code>],
            [
              'Seen',
              <>
                <Since at={namespace.seen} /> ago
              </>,
            ],
          ]}
        />
      </Section>
      <Section title="Waits for">
        {waits.length === 0 && <None>nothing</None>}
        {waits.map(({ thing: { kind, name, holders }, waiter }) => (
          <div class="line" key={`${kind} ${name}`}>
            <span>
              {name} <span class="faint">{kind}</span>
              {waiter.count > 1 && ` ×${waiter.count}`}
              {holders[0] !== undefined && (
                <span class="soft">
                  , held by <MachineLink session={holders[0].session} />
                </span>
              )}
            </span>
            <span class="nowrap">
              <Since at={waiter.since} />
            </span>
          </div>
        ))}
      </Section>
      <Section title="Holds">
        {holds.length === 0 && <None>nothing</None>}
        {holds.map(({ thing: { kind, name, waiters }, holder }) => (
          <div class="held" key={`${kind} ${name}`}>
            <div class="line">
              <span>
                {name} <span class="faint">{kind}</span>
                {holder.count > 1 && ` ×${holder.count}`}
              </span>
              <span class="nowrap">
                <Since at={holder.since} />
              </span>
            </div>
            <div class="soft">
              token <code>{holder.token}</code>
              {waiters.length > 0 && `, ${waiters.length} waiting`}
            </div>
          </div>
        ))}
      </Section>
      <Section title="Pools">
        {machine.pools.length === 0 && <None>none</None>}
        {machine.pools.map(({ name, busy, threads, queued }, at) => (
          <div class="line" key={at}>
            <span class="clip">{name}</span>
            <span class="soft nowrap">
              {busy} of {threads} busy, {queued} queued
            </span>
          </div>
        ))}
      </Section>
    </>
  );
};
