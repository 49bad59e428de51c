import { clock, MAIN_IDENT } from '../primitives/threads/table.js';
import type { ThreadFacts } from '../primitives/threads/thread-facts.js';
import { epoch } from './epoch.js';
import { processStarted } from './inspect-process.js';
import { recentAnswersOf } from './loop-answers.js';
import { loopInfo } from './loop-info.js';
import type { Finding, PoolInfo, PrimitiveInfo, ThreadActivity, ThreadInfo, WaitInfo } from './types.js';

/** What else a row of a thread is put together from. */
interface Around {
  /** When it was looked, on the clock of epoch.ts. */
  readonly time: number;
  readonly waits: readonly WaitInfo[];
  readonly primitives: readonly PrimitiveInfo[];
  readonly pools: readonly PoolInfo[];
  readonly findings: readonly Finding[];
}

/** ms that a thread is told of after its end. */
const TOLD_AFTER = 60_000;

/**
 * The threads that live, or have ended less than a minute ago, and the dead that still own something. Of workers that somebody
 * else started those that wait, own something, or have asked for their Thread.
 */
export function threadInfos(threads: readonly ThreadFacts[], around: Around): ThreadInfo[] {
  const time = clock();
  const owned = ownedBy(around.primitives);
  const waits = groupBy(around.waits, ({ ident }) => ident);
  const findings = findingsByThread(around);
  const pools = new Map(around.pools.map(({ id, name }) => [id, name]));
  return threads
    .filter((thread) => isShown(thread, time, waits.has(thread.ident) || owned.has(thread.ident)))
    .map((thread) => {
      const { ident, name, nativeId, kind, daemon, startedBy, runs } = thread;
      const own = waits.get(ident) ?? [];
      return {
        ident,
        name,
        nativeId,
        kind,
        daemon,
        pool: thread.pool === null ? null : (pools.get(thread.pool) ?? null),
        startedBy,
        ...activityOf(thread, own, around.time),
        runs,
        waits: own.map(({ id }) => id),
        holds: owned.get(ident) ?? [],
        blockedTime: thread.blockedTime,
        loop: loopInfo(thread),
        finding: findings.get(ident) ?? null,
      };
    });
}

function isShown({ state, since, listed, ident }: ThreadFacts, time: number, isInvolved: boolean): boolean {
  if (state === 'stopped') return listed && time - since < TOLD_AFTER;
  if (state === 'died') return isInvolved || (listed && time - since < TOLD_AFTER);
  return listed || isInvolved || ident === MAIN_IDENT;
}

function activityOf(
  thread: ThreadFacts,
  waits: readonly WaitInfo[],
  time: number,
): { readonly activity: ThreadActivity; readonly since: number } {
  const began = beganOf(thread, time);
  if (thread.state === 'died') return { activity: 'dead', since: began };
  if (thread.state !== 'running') return { activity: thread.state, since: began };
  const blocking = waits.find(({ face }) => face === 'blocking');
  if (blocking !== undefined) return { activity: 'waiting', since: blocking.since };
  if (thread.sleeps !== null) return { activity: 'sleeping', since: epoch(thread.sleeps.since) };
  const idleSince = recentAnswersOf(thread.ident)?.idleSince ?? null;
  if (idleSince !== null) return { activity: 'idle', since: epoch(idleSince) };
  return { activity: 'running', since: began };
}

/** Not known of main, nor yet of a job with which its worker begins in this moment. */
function beganOf({ since, ident }: ThreadFacts, time: number): number {
  if (since !== 0) return epoch(since);
  return ident === MAIN_IDENT ? processStarted : time;
}

/** By ident, the primitives that it is the owner of. */
function ownedBy(primitives: readonly PrimitiveInfo[]): Map<number, number[]> {
  const owned = new Map<number, number[]>();
  for (const { id, state } of primitives) {
    if (!('owner' in state) || state.owner === null) continue;
    const own = owned.get(state.owner.ident);
    if (own === undefined) owned.set(state.owner.ident, [id]);
    else own.push(id);
  }
  return owned;
}

/** The worst finding that each thread is part of: they come in that order. */
function findingsByThread({ findings, waits, pools }: Around): Map<number, string> {
  const found = new Map<number, string>();
  for (const finding of [...findings].reverse())
    for (const ident of identsIn(finding, waits, pools)) found.set(ident, finding.id);
  return found;
}

function identsIn(
  finding: Finding,
  waits: readonly WaitInfo[],
  pools: readonly PoolInfo[],
): readonly number[] {
  switch (finding.kind) {
    case 'deadlock':
      return finding.cycle.map(({ wait }) => wait.ident);
    case 'distributed-deadlock':
      // Which threads of this process it is about is not known.
      return [];
    case 'starvation':
      return pools.find(({ id }) => id === finding.pool)?.jobs ?? [];
    case 'abandoned':
      return [finding.ident];
    case 'stall':
      return waits.filter(({ id }) => finding.waits.includes(id)).map(({ ident }) => ident);
  }
}

function groupBy<T>(all: readonly T[], key: (one: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group === undefined) groups.set(key(one), [one]);
    else group.push(one);
  }
  return groups;
}
