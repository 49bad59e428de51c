import type { MemoryMap } from './memory-map.js';

/** What the clock shows at first. */
export const START = 1000;

/** The words that hold what is not the primitives': the clock, budgets, who is dead, who sits where. */
export class Layout {
  readonly time: number;
  readonly jumps: number;
  readonly kills: number;
  readonly earlyLooks: number;
  readonly cancels: number;
  readonly last: number;
  readonly noticed: number;
  readonly cancelled: number;
  /** By thread: what a plain load of the one word that is read so shows. */
  readonly shows: number;
  readonly regions: number;
  /** By thread: what `atDeath` told. */
  readonly died: number;

  constructor(map: MemoryMap, threads: number, regions: number) {
    const one = (what: string, words = 1): number => map.allocate(what, words).base;
    this.time = one('time');
    this.jumps = one('jumps');
    this.kills = one('kills');
    this.earlyLooks = one('early looks');
    this.cancels = one('cancels');
    this.last = one('last');
    this.noticed = one('noticed', threads);
    this.cancelled = one('cancelled', threads);
    this.shows = one('shows', threads);
    this.regions = one('regions', regions);
    this.died = one('died', threads);
  }
}
