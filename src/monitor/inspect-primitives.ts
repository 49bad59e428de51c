import type { AnyPrimitive } from '../primitives/handle.js';
import { type Measured, percentileOf } from '../primitives/memory/histogram.js';
import { type SiteFacts, sitesOfWaits } from '../primitives/threads/contended-sites.js';
import { contendedPrimitives, type PrimitiveFacts } from '../primitives/threads/contention.js';
import { isAlive } from '../primitives/threads/liveness.js';
import { siteOf } from '../primitives/waiting/wait-site.js';
import { acquiresOf, type KnownPrimitive, knownPrimitives, stateOf } from './known-primitives.js';
import { type SectionOf, sectionOwners } from './section-answers.js';
import type {
  ContentionInfo,
  Durations,
  PrimitiveInfo,
  PrimitiveKind,
  PrimitiveState,
  SiteInfo,
  WaitInfo,
} from './types.js';

export function durations(measured: Measured): Durations {
  const { count, total, max } = measured;
  return { count, total, p50: percentileOf(measured, 50), p99: percentileOf(measured, 99), max };
}

/**
 * The primitives that have been waited for, and those whose words are known: made while somebody looks, or `watched`.
 *
 * @param here - the thread that looks; 0: a monitor's own
 */
export function primitiveInfos(
  waits: readonly WaitInfo[],
  watched: readonly AnyPrimitive[],
  here: number,
): PrimitiveInfo[] {
  const facts = new Map(contendedPrimitives().map((one) => [one.id, one]));
  const known = knownPrimitives(watched);
  const queues = queuesOf(waits);
  const sites = sitesOfWaits();
  const sectionOf = sectionOwners(here);
  return [...new Set([...facts.keys(), ...known.keys()])].map((id) => {
    const [fact, words, queue] = [facts.get(id), known.get(id), queues.get(id) ?? []];
    const state =
      words === undefined ? stateByWaiters(id, fact?.kind, queue, sectionOf) : stateOf(words, sectionOf);
    return primitiveInfo(id, fact, words, { state, queue, sites: siteInfos(sites.get(id) ?? []) });
  });
}

/** By primitive, the longest waiting first. */
function queuesOf(waits: readonly WaitInfo[]): Map<number, WaitInfo[]> {
  const queues = new Map<number, WaitInfo[]>();
  for (const wait of [...waits].sort((a, b) => a.since - b.since)) {
    if (wait.primitive === null) continue;
    const queue = queues.get(wait.primitive);
    if (queue === undefined) queues.set(wait.primitive, [wait]);
    else queue.push(wait);
  }
  return queues;
}

/** What of a primitive is known otherwise than from its record and its words. */
interface Around {
  readonly state: PrimitiveState;
  readonly queue: readonly WaitInfo[];
  readonly sites: readonly SiteInfo[];
}

function primitiveInfo(
  id: number,
  facts: PrimitiveFacts | undefined,
  known: KnownPrimitive | undefined,
  { state, queue, sites }: Around,
): PrimitiveInfo {
  const { kind, name } = (facts ?? known) as PrimitiveFacts | KnownPrimitive;
  return {
    id,
    kind,
    name,
    named: facts?.named ?? name !== `${kind}-${id}`,
    state,
    queue: queue.map((wait) => wait.id),
    contention: { ...contentionInfo(facts, known === undefined ? null : acquiresOf(known)), sites },
  };
}

/** How many places are told of. */
const MOST_SITES = 10;

function siteInfos(facts: readonly SiteFacts[]): SiteInfo[] {
  return [...facts]
    .sort((a, b) => b.waitTime - a.waitTime)
    .slice(0, MOST_SITES)
    .flatMap(({ site, waits, waitTime }): SiteInfo[] => {
      const place = siteOf(site);
      return place === null ? [] : [{ ...place, waits, waitTime }];
    });
}

/** What its waiters tell of it, where nobody knows its words. */
function stateByWaiters(
  id: number,
  kind: PrimitiveKind | undefined,
  queue: readonly WaitInfo[],
  sectionOf: SectionOf,
): PrimitiveState {
  const views = queue.filter(({ owner }) => owner !== null);
  // One that blocks looks every 50 ms; an Observable wait has last looked when its event loop last turned.
  const ident = (views.find(({ face }) => face === 'blocking') ?? views[0])?.owner ?? null;
  // Who has let a Condition go waits for who has its lock.
  if (ident === null || (kind !== 'Lock' && kind !== 'RLock')) return { unknown: true };
  return { owner: { ident, alive: isAlive(ident), depth: 1, section: sectionOf(ident, id) } };
}

const NONE: Durations = { count: 0, total: 0, p50: 0, p99: 0, max: 0 };

function contentionInfo(
  facts: PrimitiveFacts | undefined,
  acquires: number | null,
): Omit<ContentionInfo, 'sites'> {
  return {
    acquires,
    contended: facts?.wait.count ?? 0,
    timeouts: facts?.timeouts ?? 0,
    ownerDeaths: facts?.ownerDeaths ?? 0,
    signalled: facts?.signalled ?? false,
    wait: facts === undefined ? NONE : durations(facts.wait),
    held: facts === undefined || facts.held === null ? null : durations(facts.held),
  };
}
