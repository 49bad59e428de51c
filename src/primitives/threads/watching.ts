import { getIdent, onThreadBegin } from './current-ident.js';
import { threadWide } from './thread-wide.js';
import { setTraces } from './trace-flag.js';

/** How many of the current thread look at each level, by the level's bit; of all copies of this library in the worker. */
const looking: { counts: Map<number, number> } = threadWide('looking', { counts: new Map<number, number>() });

// Who looked in the worker's last thread is none of the next one's.
onThreadBegin(() => {
  looking.counts = new Map();
});

/**
 * The current thread looks at these levels (trace-flag.ts) until the returned function is called, or the thread ends,
 * however it does.
 */
export function watchAs(levels: number): () => void {
  const { counts } = looking;
  const ident = getIdent();
  count(counts, levels, 1);
  setTraces(ident, levelsOf(counts));
  let over = false;
  return () => {
    if (over || counts !== looking.counts) return;
    over = true;
    count(counts, levels, -1);
    setTraces(ident, levelsOf(counts));
  };
}

function count(counts: Map<number, number>, levels: number, by: 1 | -1): void {
  for (let level = 1; level <= levels; level *= 2)
    if ((levels & level) !== 0) counts.set(level, (counts.get(level) ?? 0) + by);
}

function levelsOf(counts: ReadonlyMap<number, number>): number {
  let levels = 0;
  for (const [level, count] of counts) if (count > 0) levels |= level;
  return levels;
}
