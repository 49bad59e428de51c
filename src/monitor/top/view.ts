import type { Row, Table } from './table.js';

/** What the keys have chosen: the table, and in each table the row and how it is sorted. */
export interface View {
  readonly table: number;
  readonly sorts: readonly number[];
  readonly chosen: readonly (Row['id'] | undefined)[];
}

const NONE = undefined;
export const FIRST_VIEW: View = { table: 0, sorts: [0, 0, 0, 0], chosen: [NONE, NONE, NONE, NONE] };

export type Key = 'up' | 'down' | 'left' | 'right' | 's';

/** The view after a key. */
export function pressed(view: View, key: Key, tables: readonly Table[]): View {
  const { table, sorts, chosen } = view;
  if (key === 'left' || key === 'right') {
    const to = table + (key === 'left' ? -1 : 1);
    return { ...view, table: Math.min(Math.max(to, 0), tables.length - 1) };
  }
  if (key === 's') {
    const next = ((sorts[table] ?? 0) + 1) % (tables[table]?.sorts.length ?? 1);
    return { ...view, sorts: sorts.with(table, next) };
  }
  const rows = sorted(tables[table] as Table, sorts[table] ?? 0);
  const from = rows.findIndex(({ id }) => id === chosen[table]);
  const to = from < 0 ? 0 : Math.min(Math.max(from + (key === 'up' ? -1 : 1), 0), rows.length - 1);
  return { ...view, chosen: chosen.with(table, rows[to]?.id) };
}

/** The rows of a table: numbers from the greatest, names from A; of two that are equal the older first. */
export function sorted({ rows }: Table, by: number): readonly Row[] {
  return rows.toSorted((one, other) => {
    const [a = 0, b = 0] = [one.keys[by], other.keys[by]];
    if (typeof a === 'string' || typeof b === 'string') return String(a).localeCompare(String(b));
    return b - a || older(one.id, other.id);
  });
}

/** Sessions have ids without an order: they stay as they come. */
function older(one: Row['id'], other: Row['id']): number {
  return typeof one === 'number' && typeof other === 'number' ? one - other : 0;
}
