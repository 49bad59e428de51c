import { contendedPrimitives } from '../primitives/threads/contention.js';
import { getIdent } from '../primitives/threads/current-ident.js';
import { type ThreadWait, waits } from '../primitives/threads/wait-graph.js';
import type { Surroundings } from './deadlock-look.js';
import { isHidden } from './hidden.js';
import { waitInfo } from './inspect-waits.js';
import { sectionWaitsOfAll } from './section-answers.js';

/** What shared memory and the answers of event loops tell of waits, for a look at them. */
export function surroundings(raw: readonly ThreadWait[] = waits()): Surroundings {
  const here = isHidden() ? 0 : getIdent();
  const sections = sectionWaitsOfAll(here, new Set(raw.map(({ id }) => id)));
  const waitedFor = [...raw, ...sections.map(({ wait }) => wait)].map(({ primitive }) => primitive ?? 0);
  return {
    here,
    seen: raw.map((wait) => ({ wait: waitInfo(wait), looks: wait.looks })),
    sections,
    uses: new Map(contendedPrimitives(new Set(waitedFor)).map((facts) => [facts.id, facts])),
  };
}
