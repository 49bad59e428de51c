import { hostname } from 'node:os';
import { aliveIdents } from '../primitives/threads/liveness.js';
import { poolFacts } from '../primitives/threads/pool-records.js';
import type { MachineInfo } from './info.js';
import { type ThreadWhereabouts, threadWhereabouts } from './neighbours.js';

type Info = Omit<MachineInfo, 'joined' | 'leaseEnds'> & ThreadWhereabouts;

/** What this process says of itself to the others, and what it has said last. */
export class About {
  readonly #name: string;
  readonly #thread = threadWhereabouts();
  #told = '';

  constructor(name: string) {
    this.#name = name;
  }

  of(session: string): Info {
    const pools = poolFacts().map(({ name, busy, queued, threads }) => ({ name, busy, queued, threads }));
    const { pid, version: node } = process;
    const threads = aliveIdents().length;
    const info = { session, name: this.#name, host: hostname(), pid, node, threads, pools, ...this.#thread };
    this.#told = JSON.stringify(info);
    return info;
  }

  /** undefined: there is none. */
  newsOf(session: string): Info | undefined {
    const told = this.#told;
    const info = this.of(session);
    return this.#told === told ? undefined : info;
  }
}
