import { type ThreadWait, waits } from '../primitives/threads/wait-graph.js';
import type { SeenWait } from './deadlock-graph.js';
import { epoch } from './epoch.js';
import type { WaitInfo } from './types.js';

/** Every wait of every live thread. */
export function seenWaits(): SeenWait[] {
  return waits().map((wait) => ({ wait: waitInfo(wait), looks: wait.looks }));
}

function waitInfo({ id, ident, primitive, name, face, count, since, until, owner }: ThreadWait): WaitInfo {
  return {
    id,
    ident,
    primitive: primitive < 0 ? null : primitive,
    name,
    face,
    count,
    since: epoch(since),
    until: until === null ? null : epoch(until),
    owner,
    section: null,
    site: null,
  };
}
