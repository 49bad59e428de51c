import type {
  ContentionInfo,
  Durations,
  Inspection,
  PoolInfo,
  PrimitiveInfo,
  ThreadInfo,
  WaitInfo,
} from '../../../src/monitor/types.js';

/** Infos that a test made up: what it does not say is as of a thing that nothing happens to. */
export function thread(ident: number, name: string, more: Partial<ThreadInfo> = {}): ThreadInfo {
  return {
    ident,
    name,
    nativeId: 40_000 + (ident % 1000),
    kind: 'thread',
    daemon: false,
    pool: null,
    startedBy: 4096,
    activity: 'running',
    since: Date.now(),
    runs: null,
    waits: [],
    holds: [],
    blockedTime: 0,
    loop: null,
    finding: null,
    ...more,
  };
}

export function durations(count = 0, p50 = 0, p99 = p50, max = p99): Durations {
  return { count, total: count * p50, p50, p99, max };
}

export function contention(more: Partial<ContentionInfo> = {}): ContentionInfo {
  const wait = durations();
  return {
    acquires: null,
    contended: 0,
    timeouts: 0,
    ownerDeaths: 0,
    signalled: false,
    wait,
    held: null,
    sites: [],
    ...more,
  };
}

export function primitive(id: number, name: string, more: Partial<PrimitiveInfo> = {}): PrimitiveInfo {
  return {
    id,
    kind: 'Lock',
    name,
    named: true,
    state: { owner: null },
    queue: [],
    contention: contention(),
    ...more,
  };
}

export function wait(id: number, ident: number, of: PrimitiveInfo, more: Partial<WaitInfo> = {}): WaitInfo {
  return {
    id,
    ident,
    primitive: of.id,
    name: of.name,
    face: 'blocking',
    count: 1,
    since: Date.now(),
    until: null,
    owner: null,
    section: null,
    site: null,
    ...more,
  };
}

export function pool(id: number, name: string, more: Partial<PoolInfo> = {}): PoolInfo {
  return {
    id,
    name,
    of: 4096,
    maxThreads: 2,
    threads: 2,
    busy: 0,
    queued: 0,
    maxQueue: null,
    completed: 0,
    failed: 0,
    cancelled: 0,
    run: durations(),
    wait: durations(),
    jobs: [],
    next: [],
    ...more,
  };
}

export function inspection(more: Partial<Inspection> = {}): Inspection {
  const time = Date.now();
  return {
    version: 1,
    time,
    process: { pid: 41_207, name: 'photo-import', node: '24.21.0', started: time - 8_061_000, memory: 3e8 },
    threads: [],
    primitives: [],
    pools: [],
    waits: [],
    namespaces: [],
    findings: [],
    limits: { countedSince: time, primitivesLeftOut: 0, eventsLost: 0 },
    ...more,
  };
}
