import { describeTarget, type PackedTarget, packTarget, type Target } from '../../primitives/target.js';

/** A target as sessions know it: one object for the same target, so that each session is told of it once. */
export interface JobTarget {
  readonly packed: PackedTarget;
  /** Stands in the names of threads that run it. */
  readonly label: string;
  /** How long it ran on average, in ms, the last times counting most; 0: it never ran. */
  meanTime: number;
  /** The same without those that took much longer than most, as on a loaded machine any job may. */
  usualTime: number;
}

/** So many targets are known; programs that make functions as they go have more. */
const MOST_KNOWN = 1000;
const byKey = new Map<string, JobTarget>();
/** By the target as it was given, and by its `packed`: to put a key together and look it up takes as long as a small job. */
const byObject = new WeakMap<object, JobTarget>();

/** @throws TypeError when it cannot travel */
export function jobTarget(target: Target): JobTarget {
  const known = byObject.get(target);
  if (known !== undefined && isSame(target, known.packed)) return known;
  const found = packedTarget(packTarget(target), describeTarget(target));
  byObject.set(target, found);
  return found;
}

/** A function never becomes another, and the object that names an export may be changed after it was used. */
function isSame(target: Target, packed: PackedTarget): boolean {
  if (typeof target === 'function') return true;
  return 'module' in packed && packed.module === target.module && packed.export === target.export;
}

/** @param label - of what it was packed from */
export function packedTarget(packed: PackedTarget, label: string): JobTarget {
  const before = byObject.get(packed);
  if (before !== undefined) return before;
  const key = 'source' in packed ? `${label}\n${packed.source}` : `${packed.module}#${packed.export}`;
  const known = byKey.get(key);
  if (known !== undefined) return known;
  if (byKey.size >= MOST_KNOWN) byKey.clear();
  const target: JobTarget = { packed, label, meanTime: 0, usualTime: 0 };
  byKey.set(key, target);
  byObject.set(packed, target);
  return target;
}

/** Called when a job of it has run for `ms`. */
export function noteRunTime(target: JobTarget, ms: number): void {
  // Never 0 again; a target that gets slow is noticed within a few jobs.
  const time = Math.max(ms, 0.001);
  target.meanTime = target.meanTime === 0 ? time : target.meanTime * 0.9 + time * 0.1;
  const { usualTime } = target;
  target.usualTime = usualTime === 0 ? time : usualTime * 0.9 + Math.min(time, 10 * usualTime) * 0.1;
}
