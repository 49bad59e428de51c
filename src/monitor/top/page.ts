import { living } from '../living.js';
import type { Inspection, ThreadActivity } from '../types.js';
import { visible } from '../visible.js';
import { clip, type Line, type Look, padded, type Span, span, widthOf } from './spans.js';
import type { Column, Row, Table } from './table.js';
import { tables } from './tables.js';
import { sorted, type View } from './view.js';
import { count, duration, plural, size } from './words.js';

/** How the connection is. */
export type Status =
  | { readonly is: 'live' }
  /** When it was heard last. */
  | { readonly is: 'lost'; readonly heard: number };

/** The most findings that are shown by themselves. */
const MOST_FINDINGS = 3;
/** Lines of a table that has a head, a row above the one that is chosen, and one below. */
const LEAST_ROOM = 4;
/** Columns of a screen that has no room for the names of a table's columns: what is in the rows is the better part. */
const NARROW = 40;
const GAP = '  ';

/** The screen of `top`: never more rows and columns than these. */
export function page(now: Inspection, view: View, status: Status, rows: number, columns: number): Line[] {
  const all = tables(now);
  const chosenTable = all[view.table] as Table;
  const chosen = chosenTable.rows.find(({ id }) => id === view.chosen[view.table]);
  const above = [headline(now, status, columns), numbers(now), ...findings(now, columns)];
  const below = [
    [],
    [span(chosen === undefined ? '' : ` ${chosen.more}`, 'soft')],
    keys(chosenTable, view.sorts[view.table] ?? 0),
  ];
  const isLow = rows < above.length + below.length + LEAST_ROOM + 1;
  // Of a window that is too low for all, what is told of the process and its threads is the better part.
  const [head, foot] = isLow ? [above.slice(0, Math.max(1, rows - LEAST_ROOM)), []] : [[...above, []], below];
  const room = rows - head.length - foot.length;
  const middle = tableLines(all, view, room, columns);
  const filler = Array.from({ length: Math.max(0, room - middle.length) }, (): Line => []);
  return [...head, ...middle, ...filler, ...foot].slice(0, rows);
}

function headline(now: Inspection, status: Status, columns: number): Line {
  const { name, pid, node, started, memory } = now.process;
  const left = ` ${visible(name)} `;
  const about = ` pid ${pid} · Node ${node.replace(/^v/, '')} · ${size(memory)} · up ${duration(now.time - started)}`;
  const [words, look] = told(status, now.time);
  const padding = columns - widthOf(left) - widthOf(about) - widthOf(words) - 1;
  return [
    span(left, 'chosen'),
    span(padding < 0 ? '' : about, 'soft'),
    span(' '.repeat(Math.max(1, padding < 0 ? padding + widthOf(about) : padding))),
    span(words, look),
  ];
}

function told(status: Status, now: number): [string, Look] {
  if (status.is === 'live') return ['● live', 'good'];
  return [`■ lost, this is ${duration(Math.max(0, status.heard - now))} old`, 'waiting'];
}

function numbers({ threads, waits, primitives, pools }: Inspection): Line {
  const states: readonly [ThreadActivity, Look][] = [
    ['running', 'running'],
    ['waiting', 'waiting'],
    ['sleeping', 'soft'],
    ['idle', 'soft'],
    ['queued', 'soft'],
    ['dead', 'dead'],
  ];
  const some = states.flatMap(([state, look]): Span[] => {
    const many = threads.filter(({ activity }) => activity === state).length;
    return many === 0 ? [] : [span(`  ${many} ${state}`, look)];
  });
  const pending = waits.reduce((sum, one) => sum + one.count, 0);
  const busy = pools.reduce((sum, one) => sum + one.busy, 0);
  const workers = pools.reduce((sum, one) => sum + one.threads, 0);
  const queued = pools.reduce((sum, one) => sum + one.queued, 0);
  return [
    span(` ${plural(living(threads), 'thread', 'threads')}`, 'title'),
    ...some,
    span(`   ${plural(pending, 'wait', 'waits')}`, 'title'),
    span(` for ${plural(primitives.length, 'lock', 'locks')}`),
    ...(pools.length === 0
      ? []
      : [
          span(`   ${plural(pools.length, 'pool', 'pools')}`, 'title'),
          span(` ${busy} of ${workers} busy, ${count(queued)} queued`),
        ]),
  ];
}

function findings({ findings: all }: Inspection, columns: number): Line[] {
  const lines = all.slice(0, MOST_FINDINGS).map((one): Line => {
    const sure = 'certainty' in one && one.certainty === 'suspected' ? 'suspected' : '';
    const mark = sure === '' ? '◆' : '◇';
    const head = ` ${mark} ${sure === '' ? '' : `${sure}: `}`;
    return [span(clip(head + visible(one.message), columns), sure === '' ? 'dead' : 'waiting')];
  });
  const more = all.length - lines.length;
  return more === 0 ? lines : [...lines, [span(`   and ${more} more: see d`, 'dead')]];
}

function keys({ sorts }: Table, by: number): Line {
  const pairs: readonly [string, string][] = [
    ['↑↓', 'row'],
    ['←→', 'table'],
    ['s', `sort by ${sorts[(by + 1) % sorts.length]}`],
    ['d', 'dump'],
    ['q', 'quit'],
  ];
  return pairs.flatMap(([key, what]) => [span(` ${key} `, 'key'), span(`${what}  `, 'soft')]);
}

function tableLines(all: readonly Table[], view: View, room: number, columns: number): Line[] {
  const filled = all
    .map((table, at) => ({ table, at }))
    .filter(({ table, at }) => table.rows.length > 0 || at === view.table);
  // A head for each, a row at least, and an empty line between two.
  const shown = 3 * filled.length - 1 <= room ? filled : filled.filter(({ at }) => at === view.table);
  const budget = Math.max(0, room - 2 * shown.length + 1);
  const shares = share(
    shown.map(({ table }) => table.rows.length),
    shown.findIndex(({ at }) => at === view.table),
    budget,
  );
  return shown.flatMap(({ table, at }, nth) => {
    const lines = oneTable(table, at, view, shares[nth] ?? 0, columns);
    return nth === 0 ? lines : [[], ...lines];
  });
}

/** How many of its rows each table shows: all, if there is room; else the chosen one has what the others leave, which have one at least. */
function share(wanted: readonly number[], chosen: number, budget: number): number[] {
  const least = Math.max(1, Math.floor(budget / (wanted.length + 1)));
  const others = wanted.map((rows, at) => (at === chosen ? 0 : Math.min(rows, least)));
  const left = (): number => budget - shares.reduce((sum, one) => sum + one, 0);
  const shares = others;
  shares[chosen] = Math.min(wanted[chosen] ?? 0, left());
  for (const [at, rows] of wanted.entries()) shares[at] = Math.min(rows, (shares[at] ?? 0) + left());
  return shares;
}

function oneTable(table: Table, at: number, view: View, most: number, columns: number): Line[] {
  const by = view.sorts[at] ?? 0;
  const rows = sorted(table, by);
  const chosen = rows.findIndex(({ id }) => id === view.chosen[at]);
  const first = Math.max(0, Math.min(chosen - Math.floor(most / 2), rows.length - most));
  const seen = rows.slice(first, first + most);
  const isPart = seen.length > 0 && seen.length < rows.length;
  const part = isPart ? `${first + 1}-${first + seen.length} of ${rows.length}` : rows.length;
  const head = `${at === view.table ? '▸' : ' '}${table.title} ${part}`;
  const shown = table.columns.flatMap((column, nth) => ((column.from ?? 0) <= columns ? [nth] : []));
  const isNarrow = columns < NARROW;
  const widths = widthsOf(table, shown, seen, isNarrow ? '' : head, columns);
  const cellsOf = (cells: readonly string[]): string[] =>
    shown.map((nth, place) => padded(cells[nth] ?? '', widths[place] ?? 0, table.columns[nth]?.align));
  const heads = table.columns.map(({ head: own }, nth) => (nth === 0 ? head : own));
  return [
    [span(isNarrow ? head : cellsOf(heads).join(GAP), 'head')],
    ...seen.map((row): Line => {
      const cells = cellsOf(row.cells.with(0, ` ${row.cells[0]}`));
      const isChosen = at === view.table && row.id === view.chosen[at];
      if (isChosen) return [span(padded(cells.join(GAP), columns), 'chosen')];
      return cells.flatMap((text, place) => [
        span(text, shown[place] === table.tells ? row.look : undefined),
        span(GAP),
      ]);
    }),
  ];
}

/** What the widest cell takes, `most` at most; columns without `most` share the rest of the screen. */
function widthsOf(
  table: Table,
  shown: readonly number[],
  rows: readonly Row[],
  head: string,
  columns: number,
): number[] {
  const widths = shown.map((nth) => {
    const { head: own, most = Number.POSITIVE_INFINITY } = table.columns[nth] as Column;
    const widest = Math.max(...rows.map(({ cells }) => widthOf(cells[nth] ?? '')), 0);
    // The first column has a margin of one, and the head of the table.
    if (nth === 0) return Math.max(Math.min(widest, most) + 1, widthOf(head));
    return Math.max(Math.min(widest, most), widthOf(own));
  });
  const flexible = shown.flatMap((nth, place) => (table.columns[nth]?.most === undefined ? [place] : []));
  const taken = widths.reduce((sum, width, place) => sum + (flexible.includes(place) ? 0 : width), 0);
  let left = columns - taken - GAP.length * (shown.length - 1);
  for (const [nth, place] of flexible.entries()) {
    const width = Math.max(4, Math.floor(left / (flexible.length - nth)));
    widths[place] = width;
    left -= width;
  }
  return widths;
}
