import type { MachineInfo, NamespaceInfo } from '../namespace-info.js';
import type { Inspection } from '../types.js';
import { visible } from '../visible.js';
import type { Row, Table } from './table.js';
import { duration, plural } from './words.js';

/** Processes that share a namespace with this one: a row each. */
export function machineTable(now: Inspection): Table {
  return {
    title: 'MACHINES',
    tells: 2,
    columns: [
      { head: 'name', most: 28 },
      { head: 'host, process', most: 28, from: 90 },
      { head: 'waits for' },
      { head: 'holds' },
      { head: 'up', align: 'right', most: 8, from: 70 },
      { head: 'seen', align: 'right', most: 7 },
    ],
    sorts: ['waits', 'name', 'up'],
    rows: now.namespaces.flatMap((namespace) =>
      namespace.machines.map((machine) => rowOf(machine, namespace, now.time)),
    ),
  };
}

function rowOf(machine: MachineInfo, { namespace, things, seen }: NamespaceInfo, time: number): Row {
  const { session, name, host, pid, node, joined, threads, pools, own, finding } = machine;
  const ago = (since: number): string => duration(Math.max(0, time - since));
  const waits = things.flatMap(({ name: thing, waiters }) =>
    waiters
      .filter((one) => one.session === session)
      .map(({ since, count }) => `${visible(thing)}${times(count)} ${ago(since)}`),
  );
  const holds = things.flatMap(({ name: thing, holders }) =>
    holders
      .filter((one) => one.session === session)
      .map(({ token, count }) => ({ thing: `${visible(thing)}${times(count)}`, token })),
  );
  const about = [
    `namespace ${visible(namespace)}`,
    `Node ${visible(node).replace(/^v/, '')}`,
    plural(threads, 'thread', 'threads'),
    ...pools.map(({ name: pool, busy, queued }) => `pool ${visible(pool)} ${busy} busy ${queued} queued`),
    ...holds.map(({ thing, token }) => `${thing} has token ${token}`),
  ];
  return {
    id: `${namespace} ${session}`,
    cells: [
      `${visible(name)}${own ? ' (this)' : ''}`,
      `${visible(host)}, ${pid}`,
      `${finding === null ? '' : '! '}${waits.join(', ')}`,
      holds.map(({ thing }) => thing).join(', '),
      ago(joined),
      ago(seen),
    ],
    look: finding !== null ? 'dead' : waits.length > 0 ? 'waiting' : undefined,
    keys: [waits.length, visible(name), time - joined],
    more: about.join(' · '),
  };
}

function times(count: number): string {
  return count === 1 ? '' : ` ×${count}`;
}
