import {
  type SectionHold,
  sectionHolds,
  sectionWaits,
  type SectionWait as Told,
} from '../primitives/section-waits.js';
import { clock } from '../primitives/threads/table.js';
import type { SectionWait } from './deadlock-graph.js';
import { epoch } from './epoch.js';
import { recentAnswers } from './loop-answers.js';

/**
 * The waits within sections: of the thread `here` as they are now, of others as they have answered last, as far as these
 * waits last.
 *
 * @param pending - `id`s of the waits that there are now
 */
export function sectionWaitsOfAll(here: number, pending: ReadonlySet<number>): SectionWait[] {
  const others = recentAnswers()
    .filter(({ ident }) => ident !== here)
    .flatMap(({ ident, time, parts }) => read(ident, time, (parts.sections ?? []) as Told[]))
    .filter(({ wait }) => wait.id === 0 || pending.has(wait.id));
  return here === 0 ? others : [...others, ...read(here, clock(), sectionWaits())];
}

/** The section of a thread that owns a primitive; null: the thread as a whole, or it is not told apart. */
export type SectionOf = (ident: number, primitive: number) => number | null;

/**
 * Which section owns a lock, of those that threads own as a whole or by a section.
 *
 * @param here - the thread whose own sections are asked as they are now; 0: none
 */
export function sectionOwners(here: number): SectionOf {
  const owners = new Map<string, number>();
  const note = (ident: number, holds: readonly SectionHold[]): void => {
    for (const { primitive, section } of holds) owners.set(`${ident} ${primitive}`, section);
  };
  for (const { ident, parts } of recentAnswers())
    if (ident !== here) note(ident, (parts['section holds'] ?? []) as SectionHold[]);
  if (here !== 0) note(here, sectionHolds());
  return (ident, primitive) => owners.get(`${ident} ${primitive}`) ?? null;
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
