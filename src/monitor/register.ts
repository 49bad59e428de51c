/**
 * Exports nothing: `node --import rxjs-threading/monitor/register app.js` serves the monitor of a program that does not do
 * so itself, and prints its address on stderr. The environment variable `RXJS_THREADING_MONITOR` is the port, or `off`;
 * without it 7711, or any that is free if that is taken. Workers that inherit the flag serve nothing.
 *
 * @module rxjs-threading/monitor/register
 */

import { closeSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { FD_VARIABLE, PORT_VARIABLE } from './register-variables.js';

async function serve(): Promise<void> {
  const { [PORT_VARIABLE]: port = '', [FD_VARIABLE]: fd } = process.env;
  if (port === 'off') return;
  // Of the program alone, not of processes that it starts.
  if (fd !== undefined) {
    delete process.env[FD_VARIABLE];
    process.env[PORT_VARIABLE] = 'off';
  }
  const url = await listen(fd === undefined ? port : '0');
  if (fd === undefined) {
    writeSync(2, `rxjs-threading monitor of process ${process.pid}: ${url}\n`);
    return;
  }
  writeSync(Number(fd), `${url}\n`);
  closeSync(Number(fd));
}

/** On the port that is asked for; on any other, if nobody asked for one and the usual one is taken. */
async function listen(port: string): Promise<string> {
  // monitor.js, which only main loads.
  const { serveMonitor } = await import('./server/serve-monitor.js');
  if (port !== '') return (await serveMonitor({ port: Number(port) })).url;
  try {
    return (await serveMonitor()).url;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return (await serveMonitor({ port: 0 })).url;
  }
}

if (isMainThread) await serve();
