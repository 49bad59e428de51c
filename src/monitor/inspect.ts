import { primitivesLeftOut } from '../primitives/threads/contention.js';
import { poolFacts } from '../primitives/threads/pool-records.js';
import { clock } from '../primitives/threads/table.js';
import { threadFacts } from '../primitives/threads/thread-facts.js';
import { waits as rawWaits } from '../primitives/threads/wait-graph.js';
import { tellDeadlocks } from './channels.js';
import { look } from './deadlock-look.js';
import { epoch } from './epoch.js';
import { eventsLost } from './events.js';
import { abandonedLocks, sortFindings } from './findings.js';
import { inspectNamespaces } from './inspect-namespaces.js';
import { checkInspect } from './inspect-options.js';
import { poolInfos } from './inspect-pools.js';
import { primitiveInfos } from './inspect-primitives.js';
import { processInfo } from './inspect-process.js';
import { threadInfos } from './inspect-threads.js';
import { countedSince } from './looking.js';
import { recentAnswers } from './loop-answers.js';
import { stallOf } from './stall.js';
import { starvations } from './starvation.js';
import { surroundings } from './surroundings.js';
import type { Finding, Inspection, InspectOptions, PrimitiveInfo, WaitInfo } from './types.js';

/**
 * Everything at one moment: threads, primitives that have been waited for, pools, waits, and what is wrong. Starts nothing
 * and leaves nothing running. What only event loops can tell is there while somebody subscribes to `inspect$`. Python has
 * no such thing.
 *
 * @throws TypeError for bad options
 * @example
 * const { threads } = inspect();
 * console.log(threads.map(({ name }) => name).join()); // prints MainThread
 */
export function inspect(options: InspectOptions = {}): Inspection {
  const { watched } = checkInspect(options);
  const raw = rawWaits();
  const around = surroundings(raw);
  // Of several waits of a thread that one row tells of, the one that is served first.
  const sections = new Map([...around.sections].reverse().map(({ wait }) => [wait.id, wait.section]));
  const seen = around.seen.map(({ wait }) => ({ ...wait, section: sections.get(wait.id) ?? null }));
  const facts = threadFacts();
  const pools = poolInfos(facts);
  const { waits, primitives } = withoutServed(seen, primitiveInfos(seen, watched, around.here));
  // Read once all else has been, so that nothing in it has begun later.
  const time = epoch(clock());
  const { deadlocks } = look(around);
  const { namespaces, deadlocks: distributed } = inspectNamespaces();
  tellDeadlocks('machines', distributed);
  const findings: Finding[] = [
    ...deadlocks,
    ...distributed,
    ...starvations(poolFacts(), facts, raw),
    ...abandonedLocks(primitives, time),
  ];
  if (deadlocks.length === 0) findings.push(...stall(facts, waits, time));
  const sorted = sortFindings(findings);
  return {
    version: 1,
    time,
    process: processInfo(),
    threads: threadInfos(facts, { time, waits, primitives, pools, findings: sorted }),
    primitives,
    pools,
    waits,
    namespaces,
    findings: sorted,
    limits: {
      countedSince: countedSince(),
      primitivesLeftOut: primitivesLeftOut(),
      eventsLost: eventsLost(),
    },
  };
}

/** Waits are read before locks are: of a thread that has got one in between it is not told that it waits for what it has. */
function withoutServed(
  waits: readonly WaitInfo[],
  primitives: readonly PrimitiveInfo[],
): Pick<Inspection, 'waits' | 'primitives'> {
  const owners = new Map(
    primitives.map(({ id, state }) => [id, 'owner' in state ? state.owner?.ident : undefined]),
  );
  const doubted = waits.filter(({ primitive, ident }) => owners.get(primitive ?? 0) === ident);
  if (doubted.length === 0) return { waits, primitives };
  const waiting = new Set(rawWaits().map(({ id }) => id));
  // One that blocks has seen whose the lock was: another's, which it must have got since, or its own, for which it waits for ever.
  const isServed = ({ face, owner, ident, id }: WaitInfo): boolean =>
    face === 'blocking' ? owner !== ident : !waiting.has(id);
  const served = new Set(doubted.filter(isServed).map(({ id }) => id));
  return {
    waits: waits.filter(({ id }) => !served.has(id)),
    primitives: primitives.map((one) => ({ ...one, queue: one.queue.filter((id) => !served.has(id)) })),
  };
}

function stall(
  threads: Parameters<typeof stallOf>[0]['threads'],
  waits: Inspection['waits'],
  time: number,
): Finding[] {
  const answers = new Map(recentAnswers().map((answer) => [answer.ident, answer]));
  const found = stallOf({ threads, waits, answers, time });
  return found === undefined ? [] : [found];
}
