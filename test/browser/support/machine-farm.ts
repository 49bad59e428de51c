import type {
  DistributedDeadlock,
  MachineInfo,
  NamespaceInfo,
  RemoteInfo,
} from '../../../src/monitor/namespace-info.js';
import type { Inspection } from '../../../src/monitor/types.js';

const HOUR = 3_600_000;
const ID = 'distributed-deadlock shop a b';

function machine(session: string, name: string, more: Partial<MachineInfo> = {}): MachineInfo {
  return {
    session,
    name,
    host: 'web-1',
    pid: 41_207,
    node: 'v24.21.0',
    joined: Date.now() - 26 * HOUR,
    leaseEnds: Date.now() + 7000,
    threads: 6,
    pools: [],
    own: false,
    finding: null,
    ...more,
  };
}

/** A namespace of processes on several hosts, two of them in a deadlock, and a smaller one. */
export function farm(): Pick<Inspection, 'namespaces' | 'findings'> {
  const ago = (seconds: number): number => Date.now() - seconds * 1000;
  const holder = (session: string, since: number, count = 1) => {
    return { session, since: ago(since), token: 1_764_123_456_789_012 + since, count };
  };
  const waiter = (session: string, since: number, count = 1) => ({ session, since: ago(since), count });
  const things: RemoteInfo[] = [
    {
      kind: 'lock',
      name: 'stock',
      holders: [holder('a', 41)],
      waiters: [waiter('b', 38), waiter('d', 12, 3)],
    },
    { kind: 'lock', name: 'prices', holders: [holder('b', 40)], waiters: [waiter('a', 38)] },
    {
      kind: 'semaphore',
      name: 'payment-gateway',
      holders: [holder('a', 3), holder('c', 2, 4)],
      waiters: [waiter('d', 0.4), waiter('e', 0.2)],
    },
    { kind: 'event', name: 'open-for-business', holders: [], waiters: [waiter('e', 4000)] },
    ...['invoice:2026-11-25', 'invoice:2026-11-26', 'invoice:2026-11-27', 'mail'].map(
      (name, at): RemoteInfo => ({ kind: 'lock', name, holders: [holder('c', 1 + at)], waiters: [] }),
    ),
  ];
  const pools = [
    { name: 'thumbs', busy: 3, queued: 18, threads: 4 },
    { name: 'mail', busy: 1, queued: 0, threads: 2 },
  ];
  const shop: NamespaceInfo = {
    session: 'a',
    namespace: 'shop',
    seen: Date.now(),
    machines: [
      machine('a', 'orders-api', { own: true, finding: ID, pools }),
      machine('b', 'nightly-report', { host: 'batch-7f9c6d5b8-x2x4q', pid: 7, finding: ID }),
      machine('c', 'billing', { host: 'web-2', pid: 1120, joined: ago(4200), pools }),
      machine('d', 'checkout-with-a-rather-long-name-of-its-own', {
        host: 'ip-10-0-113-207.ec2.internal',
        pid: 1,
      }),
      machine('e', 'storefront', { host: 'web-2', pid: 1121, joined: ago(95) }),
    ],
    things,
    thingsLeftOut: 0,
  };
  const cycle = [
    { session: 'a', holds: 'stock', waitsFor: 'prices', since: ago(38) },
    { session: 'b', holds: 'prices', waitsFor: 'stock', since: ago(38) },
  ];
  const deadlock: DistributedDeadlock = {
    kind: 'distributed-deadlock',
    id: ID,
    since: ago(38),
    message:
      "2 processes may be in a deadlock: 'orders-api' (web-1, process 41207) waits for lock 'prices', which 'nightly-report' (batch-7f9c6d5b8-x2x4q, process 7) has; 'nightly-report' (batch-7f9c6d5b8-x2x4q, process 7) waits for lock 'stock', which 'orders-api' (web-1, process 41207) has",
    certainty: 'suspected',
    namespace: 'shop',
    cycle,
  };
  const search: NamespaceInfo = {
    session: 's',
    namespace: 'search',
    seen: ago(14),
    machines: [machine('s', 'orders-api', { own: true })],
    things: [],
    thingsLeftOut: 0,
  };
  return { namespaces: [shop, search], findings: [deadlock] };
}
