import type { ToldNamespace } from '../pool/wire/told-namespace.js';
import { clock } from '../primitives/threads/table.js';
import { epoch } from './epoch.js';
import { allAnswers } from './loop-answers.js';
import type { DistributedDeadlock, MachineInfo, NamespaceInfo, RemoteInfo } from './namespace-info.js';

/** ms after which what was seen tells how things were, and no more how they are. */
const RECENT = 5000;

/** What the Machines of all threads have told last. */
function told(): ToldNamespace[] {
  return allAnswers().flatMap(({ parts }) => (parts.machines ?? []) as ToldNamespace[]);
}

/** Changes whenever a Machines has told of another look. */
export function namespacesSeen(): string {
  return told()
    .map(({ session, seen }) => `${session} ${seen}`)
    .join();
}

/** What is told of namespaces, and the deadlocks between their processes. */
export interface Namespaces {
  readonly namespaces: readonly NamespaceInfo[];
  readonly deadlocks: readonly DistributedDeadlock[];
}

export function inspectNamespaces(): Namespaces {
  const all = told();
  const own = new Set(all.map(({ session }) => session));
  const namespaces: NamespaceInfo[] = [];
  const deadlocks: DistributedDeadlock[] = [];
  for (const one of withoutTwins(all)) {
    const found = isRecent(one) ? one.deadlocks.map((deadlock) => deadlockOf(one, deadlock)) : [];
    const findings = new Map(found.flatMap(({ id, cycle }) => cycle.map(({ session }) => [session, id])));
    namespaces.push({
      session: one.session,
      namespace: one.namespace,
      seen: epoch(one.seen),
      machines: one.machines.map((machine): MachineInfo => {
        const { session, name, host, pid, node, threads, pools } = machine;
        return {
          session,
          name,
          host,
          pid,
          node,
          joined: epoch(machine.joined),
          leaseEnds: epoch(machine.leaseEnds),
          threads,
          pools,
          own: own.has(session),
          finding: findings.get(session) ?? null,
        };
      }),
      things: one.things.map(thingOf),
      thingsLeftOut: one.thingsLeftOut,
    });
    deadlocks.push(...found);
  }
  return { namespaces, deadlocks };
}

/**
 * Of Machines that see each other one is enough: one that has looked lately, and always the same. Namespaces of two engines
 * may have the same name, and do not see each other.
 */
function withoutTwins(all: readonly ToldNamespace[]): ToldNamespace[] {
  const kept: ToldNamespace[] = [];
  const rank = (one: ToldNamespace): string => `${isRecent(one) ? 0 : 1} ${one.namespace} ${one.session}`;
  const sees = (one: ToldNamespace, { namespace, session }: ToldNamespace): boolean =>
    one.namespace === namespace && one.machines.some((machine) => machine.session === session);
  for (const one of [...all].sort((a, b) => (rank(a) < rank(b) ? -1 : 1)))
    if (!kept.some((other) => sees(other, one))) kept.push(one);
  return kept;
}

function isRecent({ seen }: ToldNamespace): boolean {
  return clock() - seen <= RECENT;
}

function thingOf({ kind, name, holders, waiters }: ToldNamespace['things'][number]): RemoteInfo {
  return {
    kind,
    name,
    holders: holders.map((holder) => ({ ...holder, since: epoch(holder.since) })),
    waiters: waiters.map((waiter) => ({ ...waiter, since: epoch(waiter.since) })),
  };
}

function deadlockOf(
  { namespace }: ToldNamespace,
  { id, since, message, cycle }: ToldNamespace['deadlocks'][number],
): DistributedDeadlock {
  return {
    kind: 'distributed-deadlock',
    id: `distributed-deadlock ${namespace} ${id}`,
    since: epoch(since),
    message,
    certainty: 'suspected',
    namespace,
    cycle: cycle.map(({ session, waitsFor, since: waits }, at) => ({
      session,
      waitsFor,
      since: epoch(waits),
      holds: cycle.at(at - 1)?.waitsFor ?? '',
    })),
  };
}
