import { parentPort, workerData } from 'node:worker_threads';
import { fromHandle } from '../../primitives/handle.js';
import { type Cells, load, parkAsync, store, viewOf, wake } from '../../primitives/memory/word.js';
import { hideThisThread } from '../hidden.js';
import { type Program, tellProgram } from '../inspect-process.js';
import type { InspectOptions } from '../types.js';
import { ALIVE, codeIn, LIFE, TOLD } from './life.js';
import type { CheckedServeOptions } from './monitor-options.js';
import { serve } from './served.js';

// What a monitor's own thread runs. See serve-monitor.ts, which starts it.

export interface MonitorWorkerData {
  readonly checked: Omit<CheckedServeOptions, 'inspect'>;
  readonly detail: InspectOptions['detail'];
  /** Handles of primitives. */
  readonly watch: readonly object[];
  readonly program: Program;
  readonly life: Cells['buffer'];
}

/** Its only message: where the page is, or why it cannot be served. */
export type FromMonitor =
  | { readonly url: string }
  | { readonly why: string; readonly error: Readonly<Record<string, unknown>> };

async function run({ checked, detail, watch, program, life }: MonitorWorkerData): Promise<void> {
  hideThisThread();
  tellProgram(program);
  const inspect = { ...(detail && { detail }), watch: watch.map(fromHandle) };
  const served = await serve({ ...checked, inspect });
  const post = (message: FromMonitor): void => parentPort?.postMessage(message);
  const cells = viewOf(life) as Cells;
  parentPort?.once('message', () => void served.close().then(() => process.exit()));
  const ending = (): void => {
    void served.close(codeIn(load(cells, LIFE)));
    store(cells, LIFE, TOLD);
    wake(cells, LIFE);
  };
  if (!parkAsync(cells, LIFE, ALIVE, ending)) ending();
  post({ url: served.url });
}

run(workerData).catch((error: NodeJS.ErrnoException) => {
  // What a clone of the error would leave out.
  const { code, errno, syscall, message } = error;
  const { address, port } = error as { readonly address?: string; readonly port?: number };
  parentPort?.postMessage({
    why: message,
    error: { code, errno, syscall, address, port },
  } satisfies FromMonitor);
});
