import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';
import type { PrimitiveInfo } from '../../types.js';
import { type Page, usePage } from './page.js';

/** What the table of primitives may be sorted by. `cost`: the time waited in the last minute. */
export type Column = 'cost' | 'name' | 'owner' | 'contended' | 'rate' | 'p50' | 'p99' | 'max' | 'held';

/** ms: rows do not change places more often, nor under a pointer or the focus. */
const STAYS = 2000;

/** The primitives in order, as far as they are still there. */
export function useOrder(
  column: Column,
  filter: string,
  scroller: RefObject<Element | null>,
): PrimitiveInfo[] {
  const page = usePage();
  const { primitives } = page.moment;
  const order = useRef<{ ids: number[]; at: number; of: string }>({ ids: [], at: 0, of: '' });
  const { ids, at, of } = order.current;
  const asked = `${column} ${filter}`;
  const isDue = page.now() - at > STAYS || ids.length === 0;
  if (asked !== of || isDue) {
    const shown = [...primitives.values()].filter(({ name }) => name.toLowerCase().includes(filter));
    const isHeld = asked === of && scroller.current?.matches(':hover, :focus-within') === true;
    const inOrder = isHeld ? withNew(ids, shown) : sorted(shown, sortValue(column, page));
    order.current = { ids: inOrder, at: page.now(), of: asked };
  }
  return order.current.ids.map((id) => primitives.get(id)).filter((one) => one !== undefined);
}

function withNew(ids: readonly number[], shown: readonly PrimitiveInfo[]): number[] {
  const known = new Set(ids);
  return [...ids, ...shown.map(({ id }) => id).filter((id) => !known.has(id))];
}

function sorted(shown: PrimitiveInfo[], value: (one: PrimitiveInfo) => string | number): number[] {
  const values = new Map(shown.map((one) => [one.id, value(one)]));
  shown.sort((a, b) => compare(values.get(a.id), values.get(b.id)) || a.id - b.id);
  return shown.map(({ id }) => id);
}

/** Names upwards, numbers downwards. */
function compare(a: string | number | undefined, b: string | number | undefined): number {
  if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b);
  return Number(b ?? -1) - Number(a ?? -1);
}

function sortValue(column: Column, { moment, now }: Page): (primitive: PrimitiveInfo) => string | number {
  const at = now();
  return (one) => {
    const { contention } = one;
    switch (column) {
      case 'name':
        return one.name;
      case 'owner': {
        const ident = ownerOf(one)?.ident;
        // Those that nobody holds come last.
        return ident === undefined ? '\uffff' : moment.threadName(ident);
      }
      case 'cost':
        return moment.usages.cost(one, moment.waits, at) + (one.queue.length > 0 ? 1e9 : 0);
      case 'contended':
        return shareOf(one) ?? -1;
      case 'rate':
        return moment.usages.rate(one.id) ?? -1;
      case 'held':
        return contention.held?.p99 ?? -1;
      case 'max':
        return Math.max(contention.wait.max, at - (longest(one, moment) ?? at));
      default:
        return contention.wait.count === 0 ? -1 : contention.wait[column];
    }
  };
}

export function shareOf({ contention: { acquires, contended } }: PrimitiveInfo): number | null {
  return acquires === null || acquires === 0 ? null : Math.min(1, contended / acquires);
}

export function ownerOf({ state }: PrimitiveInfo): { readonly ident: number } | null {
  return 'owner' in state ? state.owner : null;
}

/** Since when the oldest of its waits lasts. */
export function longest({ queue }: PrimitiveInfo, { waits }: Page['moment']): number | undefined {
  const all = queue.map((id) => waits.get(id)?.since).filter((since) => since !== undefined);
  return all.length === 0 ? undefined : Math.min(...all);
}
