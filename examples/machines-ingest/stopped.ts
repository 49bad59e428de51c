// What a lease cannot prevent, and what a fence does about it: an owner is stopped for longer than its lease, another has
// the lock meanwhile, and the first goes on as if nothing had been.
import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Machines } from 'rxjs-threading/redis';
import { redis } from '../job-farm/redis.js';

const LEASE = 1000;

/** An owner: writes while it believes that it has the lock, and looks at nothing else. */
async function write(url: string): Promise<void> {
  const machines = new Machines({ connection: url, namespace: 'stopped', lease: LEASE, grace: false });
  const held = await machines.lock('document', { onOwnerDied: 'grant' }).hold();
  while (!held.signal.aborted) {
    process.send?.(`${held.token}`);
    await delay(20);
  }
}

/** The resource. With a fence, it remembers the newest token that it has seen and refuses what is older. */
class Document {
  readonly #fenced: boolean;
  #newest = 0n;
  /** Writes of an older owner after those of a newer one. */
  torn = 0;
  refused = 0;
  writes = 0;

  constructor(fenced: boolean) {
    this.#fenced = fenced;
  }

  write(token: bigint): void {
    this.writes++;
    if (token >= this.#newest) this.#newest = token;
    else if (this.#fenced) this.refused++;
    else this.torn++;
  }
}

async function show(url: string, fenced: boolean): Promise<void> {
  const document = new Document(fenced);
  const owner = (): ChildProcess => {
    const child = fork(fileURLToPath(import.meta.url), [url]);
    child.on('message', (token) => document.write(BigInt(String(token))));
    return child;
  };
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await delay(20);
  };
  const first = owner();
  await until(() => document.writes > 10);
  const second = owner();
  first.kill('SIGSTOP');
  // Nothing comes from the first; what comes next is of the second, a lease later.
  const before = document.writes;
  await until(() => document.writes > before + 50);
  first.kill('SIGCONT');
  await until(() => document.torn + document.refused > 0);
  console.log(
    fenced
      ? `with a fence: ${document.torn} writes of the owner that was stopped came through, all were refused`
      : `without: writes of the owner that was stopped came through: ${document.torn > 0}`,
  );
  first.kill('SIGKILL');
  second.kill('SIGKILL');
}

const [asked] = process.argv.slice(2);
if (asked !== undefined) await write(asked);
else {
  const { url, stop } = await redis();
  await show(url, false);
  await show(url, true);
  await stop();
}
