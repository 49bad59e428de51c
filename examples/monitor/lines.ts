import type { Inspection, PoolInfo, PrimitiveInfo, ThreadInfo, WaitInfo } from 'rxjs-threading/monitor';

/** A moment as the lines of a page. It depends on nothing else. */
export function lines(moment: Inspection): string[] {
  const { findings, pools, threads } = moment;
  // In the order in which they were made, so that rows stay where they are.
  const primitives = moment.primitives.toSorted((a, b) => a.id - b.id);
  return [
    ...findings.flatMap(({ message }) => [`! ${message}`, '']),
    ...table([
      ...primitives.map((one) => [
        one.kind.toLowerCase(),
        one.name,
        stateOf(one, moment),
        waiting(one, moment),
      ]),
      ...pools.flatMap(poolRows),
    ]),
    '',
    ...table([
      ['ident', 'thread', 'does', 'waits for'],
      ...threads.map((thread) => threadCells(thread, moment)),
    ]),
    '',
  ];
}

function stateOf({ state }: PrimitiveInfo, { threads }: Inspection): string {
  if ('value' in state) return `${state.value} left`;
  if ('isSet' in state) return state.isSet ? 'set' : 'clear';
  if ('parties' in state) return state.broken ? 'broken' : `${state.arrived} of ${state.parties} there`;
  if (!('owner' in state)) return '';
  const { owner } = state;
  if (owner === null) return 'free';
  const thread = threads.find(({ ident }) => ident === owner.ident);
  return `held by ${thread?.name ?? owner.ident}${owner.alive ? '' : ', dead'}`;
}

function waiting({ queue }: PrimitiveInfo, { waits }: Inspection): string {
  const all = waits.filter(({ id }) => queue.includes(id));
  return `${all.reduce((sum, { count }) => sum + count, 0)} waiting`;
}

function threadCells({ ident, name, activity, daemon, waits }: ThreadInfo, moment: Inspection): string[] {
  const [wait, ...others] = moment.waits.filter(({ id }) => waits.includes(id));
  const cells = [`${ident}`, name, daemon ? `${activity}, daemon` : activity];
  if (wait === undefined) return cells;
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return [...cells, `${wait.name} for ${seconds(moment.time - wait.since)}${holder(wait, moment)}${more}`];
}

function holder({ primitive }: WaitInfo, moment: Inspection): string {
  const lock = moment.primitives.find(({ id, state }) => id === primitive && 'owner' in state);
  return lock === undefined ? '' : `, ${stateOf(lock, moment)}`;
}

function poolRows({ name, threads, busy, queued, completed, failed, run, wait }: PoolInfo): string[][] {
  const mean = ({ total, count }: PoolInfo['run']): string => seconds(count === 0 ? 0 : total / count);
  return [
    [
      'pool',
      name,
      `${busy} of ${threads} busy`,
      `${queued} queued, ${completed} completed, ${failed} failed`,
    ],
    ['', '', 'on average', `${mean(wait)} queued, ${mean(run)} running`],
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
