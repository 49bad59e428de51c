import type { Snapshot, ThreadRow } from './snapshot.js';

/** A snapshot as the lines of a page. It depends on nothing else. */
export function lines(snapshot: Snapshot): string[] {
  const { threads, locks, semaphores, events, barriers, pools } = snapshot;
  const waiting = (name: string): string => `${waitersOf(snapshot, name)} waiting`;
  return [
    ...table([
      ...locks.map(({ name, owner }) => ['lock', name, holder(owner, snapshot), waiting(name)]),
      ...semaphores.map(({ name, value }) => ['semaphore', name, `${value} left`, waiting(name)]),
      ...events.map(({ name, isSet }) => ['event', name, isSet ? 'set' : 'clear', waiting(name)]),
      ...barriers.map(({ name, broken, nWaiting, parties }) => [
        'barrier',
        name,
        broken ? 'broken' : 'whole',
        `${nWaiting} of ${parties} waiting`,
      ]),
      ...pools.flatMap(poolRows),
    ]),
    '',
    ...table([
      ['ident', 'thread', 'state', 'waits for'],
      ...threads.map((thread) => threadCells(thread, snapshot)),
    ]),
    '',
  ];
}

function threadCells({ ident, name, state, daemon }: ThreadRow, snapshot: Snapshot): string[] {
  const [wait, ...others] = snapshot.waits.filter((one) => one.ident === ident);
  const shown = wait?.blocking === true ? 'blocked' : state;
  const cells = [`${ident}`, name, daemon ? `${shown}, daemon` : shown];
  if (wait === undefined) return cells;
  const lock = snapshot.locks.find((one) => one.name === wait.name);
  const held = lock === undefined ? '' : `, ${holder(lock.owner, snapshot)}`;
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return [...cells, `${wait.name} for ${seconds(snapshot.time - wait.since)}${held}${more}`];
}

function holder(owner: number | null, { threads }: Snapshot): string {
  if (owner === null) return 'free';
  const thread = threads.find(({ ident }) => ident === owner);
  return `held by ${thread?.name ?? owner}`;
}

function waitersOf({ waits }: Snapshot, primitive: string): number {
  return waits.filter(({ name }) => name === primitive).reduce((sum, { count }) => sum + count, 0);
}

function poolRows({ name, stats }: Snapshot['pools'][number]): string[][] {
  const { threads, busy, queued, completed, failed, starved, runTime, waitTime } = stats;
  const jobs = `${queued} queued, ${completed} completed, ${failed} failed`;
  return [
    ['pool', name, `${busy} of ${threads} busy`, starved ? `${jobs}, starved` : jobs],
    ['', '', 'on average', `${seconds(waitTime.mean)} queued, ${seconds(runTime.mean)} running`],
  ];
}

function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
}

/** The cells of the rows one below the other. */
function table(rows: readonly string[][]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
