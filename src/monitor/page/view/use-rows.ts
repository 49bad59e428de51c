import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

/** Rows outside the view that are there already when they come in. */
const AHEAD = 2;

/** Which of many rows of one height are in view. `first` to `last`, without `last`. */
export interface Rows {
  readonly height: number;
  readonly first: number;
  readonly last: number;
}

/**
 * For an element that scrolls and sets `--row`, the height of a row in pixels, in its style sheet: so the page has as many
 * nodes for a thousand rows as for twenty.
 */
export function useRows(scroller: RefObject<HTMLElement | null>, count: number): Rows {
  const [view, setView] = useState({ top: 0, height: 600, row: 40 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = (): void => {
      const row = Number.parseFloat(getComputedStyle(element).getPropertyValue('--row'));
      setView({ top: element.scrollTop, height: element.clientHeight, row });
    };
    const scrolled = (): void => setView((before) => ({ ...before, top: element.scrollTop }));
    const sized = new ResizeObserver(look);
    sized.observe(element);
    element.addEventListener('scroll', scrolled, { passive: true });
    element.addEventListener('keydown', walk);
    return () => {
      sized.disconnect();
      element.removeEventListener('keydown', walk);
      element.removeEventListener('scroll', scrolled);
    };
  }, [scroller]);
  const first = Math.max(0, Math.min(Math.floor(view.top / view.row) - AHEAD, count));
  const last = Math.min(count, Math.ceil((view.top + view.height) / view.row) + AHEAD);
  return { height: view.row, first, last };
}

/** Arrow keys go from button to button of a list, Home and End to its first and last. */
function walk(event: KeyboardEvent): void {
  const list = event.currentTarget as HTMLElement;
  const buttons = (): HTMLButtonElement[] => [
    ...list.querySelectorAll<HTMLButtonElement>('button[data-row]'),
  ];
  const at = buttons().indexOf(document.activeElement as HTMLButtonElement);
  const step = { ArrowDown: 1, ArrowUp: -1, Home: 0, End: 0 }[event.key];
  if (at === -1 || step === undefined) return;
  event.preventDefault();
  if (step !== 0) {
    buttons()[at + step]?.focus();
    return;
  }
  const isHome = event.key === 'Home';
  list.scrollTop = isHome ? 0 : list.scrollHeight;
  // Rows are there once they have come into view.
  requestAnimationFrame(() =>
    buttons()
      .at(isHome ? 0 : -1)
      ?.focus(),
  );
}
