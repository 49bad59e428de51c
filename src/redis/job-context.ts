import { AsyncLocalStorage } from 'node:async_hooks';
import { threadWide } from '../primitives/threads/thread-wide.js';

/** What a run is told of itself. */
export interface JobInfo {
  readonly id: string;
  readonly attempt: number;
  readonly token: bigint;
}

/** That of the target which runs here; without rxjs, as job-body.ts loads it before the target. */
export const jobInfo: AsyncLocalStorage<JobInfo> = threadWide('job-info', new AsyncLocalStorage<JobInfo>());
