import type { Measured } from '../primitives/memory/histogram.js';
import type { Labels, Sample } from './metrics-exposition.js';

/** Upper bounds, in seconds: 10 µs to 10 s. */
export const BOUNDS: readonly number[] = [
  1e-5, 1e-4, 2.5e-4, 5e-4, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** For Totals: how many took as long as each bound, or less; then all of them; then their sum in seconds. */
export function histogramCounts({ count, total, buckets }: Measured): readonly number[] {
  const counts = BOUNDS.map(() => 0);
  for (const { upTo: bound, count: many } of buckets) {
    // Of a bucket 12 % wide that has a bound of ours in it, all count as below: its own bound is its upper one.
    const first = BOUNDS.findIndex((most) => bound / 1000 <= most * 1.12);
    if (first >= 0) counts[first] = (counts[first] as number) + many;
  }
  let sum = 0;
  const upTo = counts.map((many) => {
    sum += many;
    return sum;
  });
  const all = buckets.reduce((many, bucket) => many + bucket.count, 0);
  // A duration that was measured between the reading of the count and that of the buckets is in these alone.
  return [...upTo, Math.max(count, all), total / 1000];
}

export function histogramSamples(labels: Labels, values: readonly number[]): readonly Sample[] {
  const count = values[BOUNDS.length] as number;
  return [
    ...BOUNDS.map((bound, at): Sample => {
      return { part: '_bucket', labels: { ...labels, le: String(bound) }, value: values[at] as number };
    }),
    { part: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { part: '_sum', labels, value: values[BOUNDS.length + 1] as number },
    { part: '_count', labels, value: count },
  ];
}
