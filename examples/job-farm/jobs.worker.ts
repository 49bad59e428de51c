import { createHash } from 'node:crypto';
import { currentJob } from 'rxjs-threading/redis';

/** A job: some milliseconds of work, in a thread of whatever process serves the pool. */
export function stamp(n: number, rounds: number): { n: number; hash: string; attempt: number } {
  let hash = `${n}`;
  for (let round = 0; round < rounds; round++) hash = createHash('sha256').update(hash).digest('hex');
  return { n, hash, attempt: currentJob()?.attempt ?? 0 };
}
