import { hostname } from 'node:os';
import { aliveIdents } from '../primitives/threads/liveness.js';
import { poolFacts } from '../primitives/threads/pool-records.js';
import type { MachineInfo } from './info.js';

/** What this process says of itself to the others. */
export function aboutThisProcess(session: string, name: string): Omit<MachineInfo, 'joined' | 'leaseEnds'> {
  const pools = poolFacts().map(({ name, busy, queued, threads }) => ({ name, busy, queued, threads }));
  const { pid, version: node } = process;
  return { session, name, host: hostname(), pid, node, threads: aliveIdents().length, pools };
}
