/** How fast the programs go: with EXAMPLES_PACE=0.1 every pause is a tenth as long. Workers inherit it. */
const pace = Number(process.env.EXAMPLES_PACE ?? 1);

/** So many seconds, at that pace, in ms. */
export function seconds(count: number): number {
  return count * 1000 * pace;
}
