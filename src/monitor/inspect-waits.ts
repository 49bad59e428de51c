import type { ThreadWait } from '../primitives/threads/wait-graph.js';
import { siteOf } from '../primitives/waiting/wait-site.js';
import { epoch } from './epoch.js';
import type { WaitInfo } from './types.js';

export function waitInfo(wait: ThreadWait): WaitInfo {
  const { id, ident, primitive, name, face, count, since, until, owner, site } = wait;
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
    site: siteOf(site),
  };
}
