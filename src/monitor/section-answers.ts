import { getIdent } from '../primitives/threads/current-ident.js';
import type { SectionWait } from './deadlock-graph.js';
import { epoch } from './epoch.js';
import { isHidden } from './hidden.js';
import { allAnswers } from './loop-answers.js';

/** As `sectionWaits` tells of one. */
interface Told {
  readonly wait: number;
  readonly primitive: number;
  readonly name: string;
  readonly sections: readonly number[];
  readonly holders: readonly number[];
  readonly since: number;
  readonly until: number | null;
}

/** The waits within sections: of this thread as they are now, of others as they have answered last. */
export function sectionWaitsOfAll(): SectionWait[] {
  const here = isHidden() ? 0 : getIdent();
  const others = allAnswers().filter(({ ident }) => ident !== here);
  return [...others.flatMap(({ ident, time, parts }) => read(ident, time, (parts.sections ?? []) as Told[]))];
}

function read(ident: number, at: number, told: readonly Told[]): SectionWait[] {
  return told.map(({ wait: id, primitive, name, sections, holders, since, until }) => ({
    wait: {
      id,
      ident,
      primitive,
      name,
      face: 'observable',
      count: 1,
      since: epoch(since),
      until: until === null ? null : epoch(until),
      owner: ident,
      section: sections[0] ?? null,
      site: null,
    },
    at,
    sections,
    holders,
  }));
}
