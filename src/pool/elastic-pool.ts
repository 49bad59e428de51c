import { availableParallelism } from 'node:os';
import type { Host, Tenant } from './host.js';

/**
 * The workers that no thread runs in. A thread takes one of them or gets a new one, and never waits for another thread
 * to end: 64 that meet at one barrier all run.
 *
 * A start in a kept worker takes microseconds, in a new one tens of ms and some MB; so a few are kept for long, and
 * what a burst leaves beyond them only as long as the next burst may take to come.
 */
const KEPT = availableParallelism() * 2;
const KEPT_MS = 30_000;
const SURPLUS_MS = 1_000;

interface Idle {
  readonly host: Host;
  readonly since: number;
}

/** Longest idle first. */
const idle: Idle[] = [];
let sweeper: NodeJS.Timeout | undefined;

/** One that was idle, the last one used first: its caches are warm. */
export function takeIdle(stackSize: number): Host | undefined {
  for (let at = idle.length - 1; at >= 0; at--) {
    const host = idle[at]?.host;
    if (host === undefined || host.dead || host.stackSize !== stackSize) continue;
    idle.splice(at, 1);
    return host;
  }
  return undefined;
}

/** @param tenant - who hears of it while no thread runs in it */
export function giveBack(host: Host, tenant: Tenant): void {
  if (host.dead) return;
  host.tenant = tenant;
  idle.push({ host, since: performance.now() });
  sweeper ??= setInterval(sweep, SURPLUS_MS).unref();
}

function sweep(): void {
  const time = performance.now();
  for (let oldest = idle[0]; oldest !== undefined; oldest = idle[0]) {
    const kept = idle.length > KEPT ? SURPLUS_MS : KEPT_MS;
    if (!oldest.host.dead && time - oldest.since < kept) break;
    idle.shift();
    void oldest.host.kill();
  }
  if (idle.length > 0) return;
  clearInterval(sweeper);
  sweeper = undefined;
}
