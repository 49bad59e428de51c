import type { Look } from './spans.js';

/** A table of the screen: what stands in it, and by what it can be sorted. */
export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  /** Which of them tells how a row is. */
  readonly tells: number;
  /** How its rows can be sorted; the first is how they are at first. */
  readonly sorts: readonly string[];
  readonly rows: readonly Row[];
}

export interface Column {
  readonly head: string;
  readonly align?: 'right';
  /** The widest that it gets; without: whatever is left is shared by those that have none. */
  readonly most?: number;
  /** Left out when the screen is narrower than that. */
  readonly from?: number;
}

export interface Row {
  /** The same as long as it is the same thing. */
  readonly id: number | string;
  readonly cells: readonly string[];
  /** Of the cell that tells how it is. */
  readonly look: Look | undefined;
  /** By `sorts`, the greatest first; texts from A. */
  readonly keys: readonly (number | string)[];
  /** What is told of it when it is chosen. */
  readonly more: string;
}
