import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Redis } from 'ioredis';
import { ThreadPool, threadModule } from 'rxjs-threading';
import { Machines, type MachinesOptions, type RemotePool, type Serving } from 'rxjs-threading/redis';
import type * as Targets from '../redis/jobs.targets.js';
import { endWithTest } from './children.js';
import type { RedisServer } from './redis-server.js';

/** What the processes of a farm run. */
export const targets = threadModule<typeof Targets>(new URL('../redis/jobs.targets.js', import.meta.url));

let namespaces = 0;

/** Machines of a namespace of their own. Each test closes it. */
export class Farm implements AsyncDisposable {
  readonly namespace = `farm-${process.pid}-${++namespaces}`;
  readonly url: string;
  readonly lease: number;
  readonly machines: Machines;
  readonly pool: RemotePool;
  /** What went wrong where nobody listened, but that a renewal was late: on a loaded machine any is. */
  readonly errors: Error[] = [];
  readonly #processes = new Set<ChildProcess>();
  readonly #threads: ThreadPool[] = [];

  constructor(server: RedisServer, options: Partial<MachinesOptions> & { pool?: object } = {}) {
    const { pool, lease = 3000, ...rest } = options;
    this.url = server.url;
    this.lease = lease;
    this.machines = new Machines({
      connection: server.url,
      namespace: this.namespace,
      lease,
      grace: false,
      ...rest,
    });
    this.machines.errors$.subscribe((error) => {
      if (!/^a renewal took /.test(error.message)) this.errors.push(error);
    });
    this.pool = this.machines.pool('jobs', pool);
  }

  /** Serves in this process, in so many threads. */
  serve(options: { threads?: number; concurrency?: number } = {}): Serving {
    const { threads = 2, concurrency = 10 } = options;
    const pool = new ThreadPool({ maxThreads: threads });
    this.#threads.push(pool);
    return this.machines.serve('jobs', { module: targets, pool, concurrency });
  }

  /** Serves in a process of its own. */
  start(options: { lease?: number; concurrency?: number; url?: string } = {}): ChildProcess {
    const { lease = this.lease, concurrency = 10, url = this.url } = options;
    const asked = JSON.stringify({ url, namespace: this.namespace, lease, concurrency });
    return this.#fork('../redis/jobs.worker.js', asked);
  }

  /** Calls in a process of its own: see jobs.lives.js. */
  startCaller(url: string): ChildProcess {
    const asked = JSON.stringify({ url, namespace: this.namespace, lease: this.lease });
    return this.#fork('../redis/jobs.lives.js', asked);
  }

  /** Makes timers in a process of its own: see jobs.timer.js. */
  startTimers(url: string): ChildProcess {
    const asked = JSON.stringify({ url, namespace: this.namespace, lease: this.lease });
    return this.#fork('../redis/jobs.timer.js', asked);
  }

  /** Reads a stream in a process of its own. */
  read(target: string): ChildProcess {
    const asked = JSON.stringify({ url: this.url, namespace: this.namespace, lease: this.lease, target });
    return this.#fork('../redis/jobs.reader.js', asked);
  }

  #fork(file: string, asked: string): ChildProcess {
    const one = endWithTest(fork(fileURLToPath(new URL(file, import.meta.url)), [asked]));
    this.#processes.add(one);
    one.once('exit', () => this.#processes.delete(one));
    return one;
  }

  async kill(one: ChildProcess): Promise<void> {
    if (one.exitCode !== null || one.signalCode !== null) return;
    const gone = once(one, 'exit');
    one.kill('SIGKILL');
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#processes].map((one) => this.kill(one)));
    await this.machines.close();
    await Promise.all(this.#threads.map((pool) => pool.close()));
  }
}

/** A file that is not there yet: a job that waits for it runs as long as a test wants. */
export class Gate {
  readonly file: string = join(mkdtempSync(join(tmpdir(), 'gate-')), 'open');

  open(): void {
    writeFileSync(this.file, '');
  }
}

/** BullMQ's own counts. */
export async function counts(pool: RemotePool): Promise<Record<string, number>> {
  return (pool.queue as { getJobCounts(): Promise<Record<string, number>> }).getJobCounts();
}

/** The connection for commands, as BullMQ has it. */
export function commandsOf(pool: RemotePool): Promise<Redis> {
  return (pool.queue as { getBackend(): { client: Promise<Redis> } }).getBackend().client;
}

/** Looks until it is so; the test's own timeout ends it. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}
