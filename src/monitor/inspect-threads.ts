import { load } from '../primitives/memory/word.js';
import { aliveIdents } from '../primitives/threads/liveness.js';
import {
  clock,
  DAEMON,
  DUMMY,
  LISTED,
  MAIN_IDENT,
  OWN_WORKER,
  QUEUED,
  STARTER_WORKER,
  slotOf,
  table,
} from '../primitives/threads/table.js';
import { flagsOf, nameOf, nativeIdOf, stateOf, workerOf } from '../primitives/threads/thread-slots.js';
import { epoch } from './epoch.js';
import type { PoolInfo, PrimitiveInfo, ThreadActivity, ThreadInfo, WaitInfo } from './types.js';

/** What a row of a thread is put together from. */
export interface Surroundings {
  readonly waits: readonly WaitInfo[];
  readonly primitives: readonly PrimitiveInfo[];
  readonly pools: readonly PoolInfo[];
}

/** The live threads. Of workers that somebody else started those that wait, hold something, or have asked for their Thread. */
export function threadInfos(around: Surroundings): ThreadInfo[] {
  const byWorker = new Map<number, number>();
  const idents = aliveIdents(true);
  for (const ident of idents) byWorker.set(workerOf(ident), ident);
  return idents.map((ident) => threadInfo(ident, byWorker, around)).filter(isShown);
}

function isShown({ ident, kind, waits, holds }: ThreadInfo): boolean {
  return kind !== 'foreign' || waits.length > 0 || holds.length > 0 || (flagsOf(ident) & LISTED) !== 0;
}

function threadInfo(
  ident: number,
  byWorker: ReadonlyMap<number, number>,
  { waits, primitives, pools }: Surroundings,
): ThreadInfo {
  const own = waits.filter((wait) => wait.ident === ident);
  const flags = flagsOf(ident);
  const kind = ident === MAIN_IDENT ? 'main' : kindOf(flags);
  const started = kind === 'thread' || kind === 'job';
  return {
    ident,
    name: nameOf(ident),
    nativeId: nativeIdOf(ident),
    kind,
    daemon: (flags & DAEMON) !== 0,
    pool: pools.find(({ jobs }) => jobs.includes(ident))?.name ?? null,
    startedBy: started ? (byWorker.get(load(table, slotOf(ident) + STARTER_WORKER)) ?? null) : null,
    ...activityOf(ident, own),
    runs: null,
    waits: own.map(({ id }) => id),
    holds: primitives
      .filter(({ state }) => 'owner' in state && state.owner?.ident === ident)
      .map(({ id }) => id),
    blockedTime: 0,
    loop: null,
    finding: null,
  };
}

function kindOf(flags: number): ThreadInfo['kind'] {
  if ((flags & DUMMY) !== 0) return 'foreign';
  return (flags & OWN_WORKER) !== 0 ? 'thread' : 'job';
}

/** When what a thread does was first seen. */
const seen = new Map<number, { readonly activity: ThreadActivity; readonly since: number }>();

function activityOf(ident: number, waits: readonly WaitInfo[]): { activity: ThreadActivity; since: number } {
  const blocking = waits.find(({ face }) => face === 'blocking');
  if (blocking !== undefined) return { activity: 'waiting', since: blocking.since };
  const activity = stateOf(ident) === QUEUED ? 'queued' : 'running';
  const before = seen.get(ident);
  if (before?.activity === activity) return before;
  const now = { activity, since: epoch(clock()) } as const;
  seen.set(ident, now);
  return now;
}
