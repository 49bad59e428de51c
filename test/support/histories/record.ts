import { BEGIN, END, LEAVE, OWNER, RESULT, RESULTS, ROW, VALUE } from '../../fixtures/histories/lane.js';
import type { Operation, Result } from './history.js';
import type { PlannedOperation } from './plan.js';

/** What a lane was to do, and what it wrote down. */
export interface Lane {
  readonly thread: number;
  readonly lane: number;
  readonly plan: readonly PlannedOperation[];
  readonly rows: Int32Array;
}

/** @param threads - by ident */
export function operationsOf(lane: Lane, threads: ReadonlyMap<number, number>): Operation[] {
  const operations: Operation[] = [];
  const held: number[] = [];
  for (const [at, planned] of lane.plan.entries()) {
    const row = lane.rows.subarray(at * ROW, (at + 1) * ROW);
    const begin = row[BEGIN] as number;
    if (begin === 0) continue;
    const result = resultOf(row);
    const pair = pairOf(planned, result, begin, held);
    operations.push({
      id: 0,
      name: planned.name,
      face: planned.face,
      thread: lane.thread,
      lane: lane.lane,
      begin,
      end: result === 'open' ? Number.POSITIVE_INFINITY : (row[END] as number),
      result,
      owner: threads.get(row[OWNER] as number),
      timeout: planned.timeout,
      poll: planned.poll || planned.timeout === 0,
      leaves: planned.leaveAfter !== undefined,
      leave: row[LEAVE] || undefined,
      n: planned.n,
      pair,
    });
  }
  return operations;
}

function resultOf(row: Int32Array): Result {
  if (row[END] === 0) return 'open';
  const code = row[RESULT] as number;
  return code >= VALUE ? code - VALUE : (RESULTS[code] as Result);
}

/** A number that an acquire and the release of what it took have in common, if nothing was waited for or told between. */
function pairOf(
  { name }: PlannedOperation,
  result: Result,
  begin: number,
  held: number[],
): number | undefined {
  if (name === 'acquire' && result === 'true') held.push(begin);
  if (name === 'wait' || name === 'notify') held.fill(-1);
  if (name === 'acquire') return begin;
  return name === 'release' ? held.pop() : undefined;
}

/** The runs of a Barrier's action in a thread, four ticks each. */
export function actionsOf(thread: number, ticks: Int32Array): Operation[] {
  const operations: Operation[] = [];
  for (let at = 0; at + 4 < ticks.length && ticks[at] !== 0; at += 4) {
    const [began, begun, ending, ended] = ticks.subarray(at, at + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    operations.push(moment('begin action', thread, began, begun));
    if (ending > 0) operations.push(moment('end action', thread, ending, ended));
  }
  return operations;
}

/** From a kill on; when the others see it, the kernel decides. */
export function diedAt(thread: number, tick: number): Operation {
  return { ...moment('died', thread, tick, 0), lane: -1 };
}

function moment(name: string, thread: number, begin: number, end: number): Operation {
  const open = end === 0;
  return {
    id: 0,
    name,
    thread,
    lane: 0,
    begin,
    end: open ? Number.POSITIVE_INFINITY : end,
    result: open ? 'open' : 'true',
  };
}
