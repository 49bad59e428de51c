/**
 * Those that last: all that they need is given by one of them. Each that goes is looked at once, because a chain of thousands
 * would take as many rounds.
 *
 * @param gives - names of what is there for as long as it is one of them
 */
export function lasting<T>(
  all: readonly T[],
  gives: (one: T) => readonly string[],
  needs: (one: T) => readonly string[],
): T[] {
  const givers = new Map<string, number>();
  const needed = new Map<string, T[]>();
  for (const one of all) {
    for (const name of gives(one)) givers.set(name, (givers.get(name) ?? 0) + 1);
    for (const name of needs(one)) {
      const by = needed.get(name);
      if (by === undefined) needed.set(name, [one]);
      else by.push(one);
    }
  }
  const gone = new Set<T>();
  const missing = [...needed.keys()].filter((name) => !givers.has(name));
  // Grows as it is gone through.
  for (const name of missing)
    for (const one of needed.get(name) ?? []) {
      if (gone.has(one)) continue;
      gone.add(one);
      for (const given of gives(one)) {
        const left = (givers.get(given) as number) - 1;
        givers.set(given, left);
        if (left === 0) missing.push(given);
      }
    }
  return all.filter((one) => !gone.has(one));
}
