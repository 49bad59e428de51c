import { Worker } from 'node:worker_threads';
import { ThreadPool } from '../../pool/jobs/thread-pool.js';
import { toHandle } from '../../primitives/handle.js';
import { allocate, park, store, wake } from '../../primitives/memory/word.js';
import { processInfo } from '../inspect-process.js';
import { watchFor } from '../looking.js';
import { endingWith, LIFE } from './life.js';
import { type CheckedServeOptions, checkServeOptions, type ServeOptions } from './monitor-options.js';
import type { FromMonitor, MonitorWorkerData } from './monitor-worker.js';
import { serve } from './served.js';
import { monitorWorker } from './server-files.js';

/** A monitor that is served. */
export interface MonitorServer extends AsyncDisposable {
  /** Where its page is. */
  readonly url: string;
  /** Ends its connections and its thread. It does not keep the process alive meanwhile. */
  close(): Promise<void>;
}

/** The most that a process waits, as it ends, for its monitor to tell its readers, in ms. */
const LAST_WORDS = 100;
/** The most that the monitor's thread may take, in MB: 65,536 primitives take a third of it. */
const HEAP_MB = 512;

/**
 * Serves the monitor's page, read only, from a thread of its own, which no `enumerate` shows: so it answers while main is
 * blocked. It keeps nothing alive. Rejects when the port is taken. Python has no such thing.
 *
 * @throws TypeError, RangeError showing the value; TypeError for a host other than loopback without a token
 * @example
 * const monitor = await serveMonitor({ port: 0 });
 * const { threads } = (await (await fetch(`${monitor.url}inspect.json`)).json()) as Inspection;
 * console.log(threads.map(({ name }) => name).join()); // prints MainThread
 * await monitor.close();
 */
export async function serveMonitor(options: ServeOptions = {}): Promise<MonitorServer> {
  const checked = checkServeOptions(options);
  const unwatch = watchFor(checked.inspect);
  try {
    const served = await (checked.in === 'here' ? serveHere(checked) : serveInWorker(checked, unwatch));
    const close = (): Promise<void> => {
      unwatch();
      return served.close();
    };
    return { url: served.url, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    unwatch();
    throw error;
  }
}

interface Open {
  readonly url: string;
  close(): Promise<void>;
}

async function serveHere(checked: CheckedServeOptions): Promise<Open> {
  const served = await serve(checked);
  served.unref();
  const exiting = (code: number): void => void served.close(code);
  process.once('exit', exiting);
  return {
    url: served.url,
    close() {
      process.off('exit', exiting);
      return served.close();
    },
  };
}

/** @param gone - called once its thread has ended, by whomever */
async function serveInWorker({ inspect, ...checked }: CheckedServeOptions, gone: () => void): Promise<Open> {
  const life = allocate(1);
  const { name, started } = processInfo();
  const { detail, watch = [] } = inspect;
  const workerData: MonitorWorkerData = {
    checked,
    detail,
    // The table of pools is shared; a pool itself cannot be.
    watch: watch.flatMap((one) => (one instanceof ThreadPool ? [] : [toHandle(one)])),
    program: { name, started },
    life: life.buffer,
  };
  // None of the process's own flags, preloads and environment: it runs nothing but the monitor, and shows none of these. But
  // under Plug'n'Play they are what finds its file.
  const own = 'pnp' in process.versions ? {} : { env: {}, execArgv: [] };
  const settings = { ...own, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } };
  const worker = new Worker(monitorWorker(), { ...settings, workerData, name: 'rxjs-threading monitor' });
  let failed: unknown;
  const ended = new Promise<void>((resolve) => {
    worker.once('error', (error) => {
      failed = error;
    });
    worker.once('exit', () => resolve());
  });
  const url = await new Promise<string>((resolve, reject) => {
    worker.once('message', (message: FromMonitor) =>
      'url' in message ? resolve(message.url) : reject(Object.assign(new Error(message.why), message.error)),
    );
    void ended.then(() => reject(failed ?? new Error('the thread of the monitor has ended as it began')));
  });
  worker.unref();
  const exiting = (code: number): void => {
    store(life, LIFE, endingWith(code));
    wake(life, LIFE);
    park(life, LIFE, endingWith(code), LAST_WORDS);
  };
  process.once('exit', exiting);
  void ended.then(() => {
    process.off('exit', exiting);
    gone();
  });
  return {
    url,
    async close() {
      process.off('exit', exiting);
      worker.postMessage('close');
      worker.ref();
      await ended;
      if (failed !== undefined) throw failed;
    },
  };
}
