import { waits } from '../primitives/threads/wait-graph.js';
import { epoch } from './epoch.js';
import type { WaitInfo } from './types.js';

const numbers = new Map<string, number>();
let given = 0;

/** Every wait of every live thread. */
export function waitInfos(): WaitInfo[] {
  return waits().map(({ ident, primitive, name, owner, since, count, blocking }) => ({
    id: numberOf(`${ident}:${primitive}:${Math.floor(since)}:${blocking}`),
    ident,
    primitive: primitive < 0 ? null : primitive,
    name,
    face: blocking ? 'blocking' : 'observable',
    count,
    since: epoch(since),
    until: null,
    owner,
    section: null,
    site: null,
  }));
}

function numberOf(key: string): number {
  const known = numbers.get(key) ?? ++given;
  numbers.set(key, known);
  return known;
}
