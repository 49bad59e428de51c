// Two threads wake each other in turn. Each notes the time just before it wakes the other.
export const BY_MAIN = 0;
export const BY_WORKER = 1;

/** ms, the same clock in every thread. */
export function clock() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Long enough for the other to go to sleep: whoever still runs needs no wake-up. */
export function lull() {
  for (const until = clock() + 0.05; clock() < until; );
}
