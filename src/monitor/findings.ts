import { nameOf } from '../primitives/threads/thread-slots.js';
import type { DistributedDeadlock } from './namespace-info.js';
import type { Abandoned, Deadlock, Finding, PrimitiveInfo } from './types.js';
import { visible } from './visible.js';

const ORDER: readonly Finding['kind'][] = [
  'deadlock',
  'distributed-deadlock',
  'stall',
  'starvation',
  'abandoned',
];

/** Worst first; deadlocks that are certain before others. What names in their messages might do to a log or terminal is shown. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const rank = (finding: Finding): number =>
    ORDER.indexOf(finding.kind) * 2 +
    (finding.kind === 'deadlock' && finding.certainty === 'suspected' ? 1 : 0);
  return findings
    .map((finding) => ({ ...finding, message: visible(finding.message) }))
    .sort((a, b) => rank(a) - rank(b) || a.since - b.since);
}

/** Those between threads, and those between processes. */
export function deadlocksIn(findings: readonly Finding[]): (Deadlock | DistributedDeadlock)[] {
  return findings.filter((one) => one.kind === 'deadlock' || one.kind === 'distributed-deadlock');
}

/** When each was first seen. */
let firstSeen = new Map<string, number>();

/** Locks whose owner is dead and that nobody has acquired since. @param time - of this look, in ms since the epoch */
export function abandonedLocks(primitives: readonly PrimitiveInfo[], time: number): Abandoned[] {
  const seen = new Map<string, number>();
  const found = primitives.flatMap(({ id: primitive, kind, name, state, queue }): Abandoned[] => {
    if (!('owner' in state) || state.owner === null || state.owner.alive || queue.length > 0) return [];
    const { ident } = state.owner;
    const id = `abandoned ${primitive} ${ident}`;
    const since = firstSeen.get(id) ?? time;
    seen.set(id, since);
    const owner = nameOf(ident);
    const who = owner === '' ? `thread ${ident}` : `'${owner}'`;
    const message = `${kind} '${name}' is abandoned: ${who} ended with it; whoever acquires it next gets an OwnerDiedError`;
    return [{ kind: 'abandoned', id, since, message, primitive, ident }];
  });
  firstSeen = seen;
  return found;
}
