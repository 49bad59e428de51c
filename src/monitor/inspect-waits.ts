import { stringOf } from '../primitives/threads/strings.js';
import type { ThreadWait } from '../primitives/threads/wait-graph.js';
import { epoch } from './epoch.js';
import { shortened } from './site.js';
import type { Site, WaitInfo } from './types.js';

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
    site: siteIn(stringOf(site)),
  };
}

const SITE = /^(?:(.*) )?(\S+):(\d+):(\d+)$/s;

/** A place in the code, as the strings of the table have it; null: none. */
function siteIn(text: string | null): Site | null {
  const [, name = '', file, line, column] = SITE.exec(text ?? '') ?? [];
  if (file === undefined) return null;
  return { function: name, file: shortened(file), line: Number(line), column: Number(column) };
}
