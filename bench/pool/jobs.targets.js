// What the jobs of jobs.js run, in this library's pool, in Piscina's and in tinypool's.
export function add(numbers) {
  return numbers.a + numbers.b;
}

/** Busy for `ms` of the clock. */
export function busy(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return ms;
}

// tinypool takes a default export alone.
export default add;
