/** By how much a count has grown: a word of 32 bits begins again at 0. One that fell by less has begun anew with another owner. */
export function rise(before: number, now: number): number {
  const by = now - before;
  return by < -(2 ** 31) ? by + 2 ** 32 : Math.max(0, by);
}
