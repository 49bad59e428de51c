import type { VNode } from 'preact';
import { useState } from 'preact/hooks';

/**
 * The first of many, until somebody asks for all.
 *
 * @returns what is shown, and the button that asks
 */
export function useFirst<T>(
  of: readonly T[],
  most: number,
  what: string,
): [shown: readonly T[], more: VNode | undefined] {
  const [all, setAll] = useState(false);
  if (all || of.length <= most) return [of, undefined];
  const more = (
    <button type="button" class="more" onClick={() => setAll(true)}>
      Show all {of.length} {what}
    </button>
  );
  return [of.slice(0, most), more];
}
