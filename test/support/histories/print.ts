import type { Model, Operation, Result } from './history.js';
import type { Verdict } from './linearizable.js';

/** A history, a line for each operation in the order of their begin. */
export function print(operations: readonly Operation[]): string {
  const rows = operations.map((operation) => [
    ` T${operation.thread}`,
    call(operation),
    `${operation.begin} to ${operation.end === Number.POSITIVE_INFINITY ? 'its death' : operation.end}`,
    outcome(operation),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function call({ name, poll, timeout, leaves, n, face }: Operation): string {
  const how = [
    poll ? 'now' : undefined,
    timeout === undefined || timeout === 0 ? undefined : `${timeout} ms`,
    leaves ? 'to be left' : undefined,
    n?.toString(),
  ];
  return `${name}(${how.filter((one) => one !== undefined).join(', ')})${face === undefined ? '' : ` ${face}`}`;
}

function outcome({ name, result, owner, leave }: Operation): string {
  if (name === 'died' || result === 'open') return '';
  if (result === 'ownerDied') return `${result} T${owner}`;
  return result === 'left' || result === 'aborted' ? `${result} ${leave}` : String(result);
}

const LINE =
  /^T(?<thread>\d+) +(?<name>[a-z ]+)\((?<how>[^)]*)\)(?: [a-z]+)? +(?<begin>\d+) to (?<end>\S+( death)?) *(?<outcome>.*)$/i;

/** A history that was printed, or is written in the same way. */
export function parse(text: string): Operation[] {
  return text
    .trim()
    .split('\n')
    .map((line, id) => parseLine(line.trim(), id));
}

function parseLine(line: string, id: number): Operation {
  const found = LINE.exec(line)?.groups;
  if (found === undefined) throw new SyntaxError(`no operation of a history: ${line}`);
  const { thread, name = '', how = '', begin, end, outcome = '' } = found;
  const [result = '', detail = ''] = outcome.split(' ');
  const timeout = / ?([\d.]+) ms/.exec(how)?.[1];
  const n = /^(?:.*, )?(\d+)$/.exec(how)?.[1];
  return {
    id,
    name,
    thread: Number(thread),
    lane: 0,
    begin: Number(begin),
    end: end === 'its death' ? Number.POSITIVE_INFINITY : Number(end),
    result: outcome === '' ? 'open' : /^\d+$/.test(result) ? Number(result) : (result as Result),
    owner: result === 'ownerDied' ? Number(detail.slice(1)) : undefined,
    leave: result === 'left' || result === 'aborted' ? Number(detail) : undefined,
    poll: how.includes('now'),
    leaves: how.includes('to be left'),
    timeout: timeout === undefined ? undefined : Number(timeout),
    n: n === undefined ? undefined : Number(n),
  };
}

/** Why a history is wrong, to be read. */
export function explain<S>(
  model: Model<S>,
  operations: readonly Operation[],
  { culprit, before }: Verdict<S>,
): string {
  const states = before.slice(0, 5).map((state) => `  ${model.show(state)}`);
  const more = before.length > 5 ? [`  or ${before.length - 5} more`] : [];
  const what =
    culprit === undefined
      ? ''
      : ` explains that T${culprit.thread}'s ${call(culprit)} of ${culprit.begin} came to ${outcome(culprit)}`;
  return [
    print(operations),
    `No order${what}. Just before its end, the states that the others allow:`,
    ...states,
    ...more,
  ].join('\n');
}
