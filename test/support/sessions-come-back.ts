import { setTimeout as pause } from 'node:timers/promises';
import { Machines } from 'rxjs-threading/redis';
import { expect } from 'vitest';
import type { RedisServer } from './redis-server.js';
import { tcpProxy } from './tcp-proxy.js';

/** The links of so many sessions are cut at once: each comes back by one attempt for each of its three connections. */
export async function sessionsComeBack(server: RedisServer, count: number, lease: number): Promise<void> {
  const link = await tcpProxy(server.port);
  const options = { connection: link.url, namespace: 'many', lease, grace: false };
  const all = Array.from({ length: count }, () => new Machines(options));
  const held = await Promise.all(all.map((machines, index) => machines.lock(`many${index}`).hold()));
  const before = link.connections;
  link.cut();
  link.open();
  await Promise.all(all.map((machines) => machines.lock('many').acquire({ blocking: false })));
  await pause(2000);
  expect(link.connections - before).toBeLessThanOrEqual(3 * count);
  expect(held.filter((one) => !one.valid)).toEqual([]);
  await Promise.all(all.map((machines) => machines.close()));
  await link.close();
}
