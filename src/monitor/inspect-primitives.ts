import { isAlive } from '../primitives/threads/liveness.js';
import type { ContentionInfo, Durations, PrimitiveInfo, PrimitiveKind, WaitInfo } from './types.js';

export const NO_DURATIONS: Durations = { count: 0, total: 0, p50: 0, p99: 0, max: 0 };
const NO_CONTENTION: ContentionInfo = {
  acquires: null,
  contended: 0,
  timeouts: 0,
  ownerDeaths: 0,
  signalled: false,
  wait: NO_DURATIONS,
  held: null,
  sites: [],
};

/** Those that somebody waits for. */
export function primitiveInfos(waits: readonly WaitInfo[]): PrimitiveInfo[] {
  const byId = new Map<number, WaitInfo[]>();
  for (const wait of waits) {
    if (wait.primitive === null) continue;
    const those = byId.get(wait.primitive) ?? [];
    those.push(wait);
    byId.set(wait.primitive, those);
  }
  return [...byId].map(([id, those]) => primitiveInfo(id, those));
}

function primitiveInfo(id: number, waits: readonly WaitInfo[]): PrimitiveInfo {
  const [{ name }] = waits as [WaitInfo];
  const owner = waits.find((wait) => wait.owner !== null)?.owner ?? null;
  return {
    id,
    kind: kindIn(name),
    name,
    named: !/^[A-Z]\w+-\d+$/.test(name),
    state:
      owner === null
        ? { unknown: true }
        : { owner: { ident: owner, alive: isAlive(owner), depth: 1, section: null } },
    queue: [...waits].sort((a, b) => a.since - b.since).map((wait) => wait.id),
    contention: NO_CONTENTION,
  };
}

function kindIn(name: string): PrimitiveKind {
  const kind = /^[A-Z][A-Za-z]+(?=-\d+$)/.exec(name)?.[0] as PrimitiveKind | undefined;
  return kind ?? 'Lock';
}
