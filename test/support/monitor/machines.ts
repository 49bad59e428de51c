import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endWithTest } from '../children.js';
import { type RedisServer, redisServer } from '../redis-server.js';

const FILE = fileURLToPath(new URL('../../fixtures/monitor/machine.js', import.meta.url));

/** The process of test/fixtures/monitor/machine.js. */
export class Machine {
  /** Of its monitor. */
  readonly url: string;
  readonly session: string;
  readonly pid: number;
  readonly #process: ChildProcess;

  static async start(url: string, namespace: string, name: string): Promise<Machine> {
    const process = endWithTest(fork(FILE, [JSON.stringify({ url, namespace, name })]));
    const [told] = await once(process, 'message');
    return new Machine(process, told);
  }

  private constructor(
    process: ChildProcess,
    { url, session, pid }: Pick<Machine, 'url' | 'session' | 'pid'>,
  ) {
    this.#process = process;
    this.url = url;
    this.session = session;
    this.pid = pid;
  }

  async do(
    action: 'hold' | 'wait' | 'leave' | 'release' | 'close' | 'block',
    argument?: string | number,
  ): Promise<string> {
    const done = once(this.#process, 'message');
    this.#process.send([action, argument]);
    return (await done)[0];
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

/** Two processes on a server of their own. */
export class TwoMachines implements AsyncDisposable {
  readonly first: Machine;
  readonly second: Machine;
  readonly #server: RedisServer;

  static async start(names: readonly [string, string]): Promise<TwoMachines> {
    const server = await redisServer();
    const [first, second] = await Promise.all(names.map((name) => Machine.start(server.url, 'shop', name)));
    return new TwoMachines(server, first as Machine, second as Machine);
  }

  private constructor(server: RedisServer, first: Machine, second: Machine) {
    this.#server = server;
    this.first = first;
    this.second = second;
  }

  /** Each holds one lock and waits for the other's; `first.do('leave')` ends it. */
  async cross(one: string, other: string): Promise<void> {
    await Promise.all([this.first.do('hold', one), this.second.do('hold', other)]);
    await Promise.all([this.first.do('wait', other), this.second.do('wait', one)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.first.kill();
    this.second.kill();
    await this.#server.stop();
  }
}
