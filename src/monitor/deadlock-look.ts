import { clock } from '../primitives/threads/table.js';
import { tellDeadlocks } from './channels.js';
import { cyclesOf } from './deadlock-cycles.js';
import { DeadlockFinder, runsOn } from './deadlock-finder.js';
import { deadlockOf, type Use } from './deadlock-finding.js';
import { type SectionWait, type SeenWait, sectionEdges, threadEdges } from './deadlock-graph.js';
import type { Deadlock } from './types.js';

/** What a look at the wait-for graph needs. */
export interface Surroundings {
  /** The thread that looks: of its own sections it knows; 0: a monitor's own. */
  readonly here: number;
  readonly seen: readonly SeenWait[];
  readonly sections: readonly SectionWait[];
  readonly uses: ReadonlyMap<number, Use>;
}

/** What one look finds. */
export interface Look {
  readonly deadlocks: readonly Deadlock[];
  /** There are cycles that may be believed soon. */
  readonly doubted: boolean;
  /** Only the event loops of other threads can tell whether there are more. */
  readonly needsSections: boolean;
}

/** All looks of this thread share what was seen before, so the more of them there are, the sooner one is sure. */
const finder = new DeadlockFinder();
let doubtful = false;

/** Whether the last look of this thread has left a doubt, which the next one, or the answers of event loops, may settle. */
export function isDoubtful(): boolean {
  return doubtful;
}

export function look({ here, seen, sections, uses }: Surroundings): Look {
  const between = threadEdges(seen, clock());
  const { cycles, doubted } = finder.look([...between, ...sectionEdges(sections)]);
  const waits = seen.map(({ wait }) => wait);
  const deadlocks = cycles.map((cycle) => deadlockOf(cycle, waits, uses));
  tellDeadlocks('threads', deadlocks);
  doubtful = doubted;
  return {
    deadlocks,
    doubted,
    needsSections: cyclesOf(between)
      .flat()
      .some((edge) => runsOn(edge) && edge.wait.ident !== here),
  };
}
