import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { compareExchange } from '../../../src/primitives/memory/word.js';
import { claimSlot } from '../../../src/primitives/threads/claim-slot.js';
import { hasDied, isAlive } from '../../../src/primitives/threads/liveness.js';
import { NATIVE, slotOf, table } from '../../../src/primitives/threads/table.js';
import { until } from '../../support/turns.js';

const TELLS_ITS_ID = `
  const id = require('node:fs').readlinkSync('/proc/thread-self').split('/').at(-1);
  require('node:worker_threads').parentPort.postMessage(Number(id));
  setInterval(() => {}, 1000);
`;

it('a queued thread is dead with the worker that was about to begin with it, though its starter lives', async () => {
  const ident = claimSlot('about to begin', 0);
  const worker = new Worker(TELLS_ITS_ID, { eval: true });
  const [native] = (await once(worker, 'message')) as [number];
  // As markRunning does first.
  compareExchange(table, slotOf(ident) + NATIVE, -ident, native);
  expect(isAlive(ident)).toBe(true);
  await worker.terminate();
  await until(() => !isAlive(ident));
  expect(hasDied(ident)).toBe(true);
});
