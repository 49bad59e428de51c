import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { NEVER } from 'rxjs';
import { OwnerDiedError } from 'rxjs-threading';
import type { RemoteLock } from 'rxjs-threading/redis';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/redis/engine.js';
import { onExit } from '../../src/redis/exits.js';
import { Keeping } from '../../src/redis/keeping.js';
import { isGone } from '../../src/redis/neighbours.js';
import { Validity } from '../../src/redis/validity.js';
import { endWithTest } from '../support/children.js';
import { onRedis } from '../support/on-redis.js';
import { runFixture } from '../support/run-fixture.js';

const redis = onRedis({ lease: 10_000 });

/** How the wait of one who comes next ended, and when; ms of performance.now(). */
function told(lock: RemoteLock): Promise<{ readonly error: unknown; readonly at: number }> {
  return lock.hold().then(
    (held) => {
      held.release();
      return { error: undefined, at: performance.now() };
    },
    (error: unknown) => ({ error, at: performance.now() }),
  );
}

describe('the keeper, by a lease of ten seconds', () => {
  for (const how of ['exit', 'throw', 'SIGTERM'] as const) {
    it(`says goodbye at the end of the process, by ${how}: the next owner is told before it is reaped`, async () => {
      await redis.shared(0).open();
      for (let round = 0; round < 3; round++) {
        const [lock] = redis.locks(1) as [RemoteLock];
        const machine = await redis.machine({ lock: lock.name });
        await machine.do('hold');
        const next = told(lock);
        if (how === 'SIGTERM') machine.signal(how);
        else void machine.ask(how);
        const { error, at } = await next;
        expect(error).toBeInstanceOf(OwnerDiedError);
        // 50 ms: both are told by the loop of this process.
        expect(at).toBeLessThan((await machine.exited) + 50);
      }
    });
  }

  it('sees at once that a process of the same machine was killed', async () => {
    for (let round = 0; round < 10; round++) {
      const [lock] = redis.locks(1) as [RemoteLock];
      const machine = await redis.machine({ lock: lock.name });
      await machine.do('hold');
      const next = told(lock);
      while ((await redis.waiting(`l:${lock.name}`)) === 0);
      // It looks at its neighbours once it has waited for a moment.
      await new Promise((resolve) => setTimeout(resolve, 100));
      const killed = performance.now();
      machine.signal('SIGKILL');
      const { error, at } = await next;
      expect(error).toBeInstanceOf(OwnerDiedError);
      expect(at - killed).toBeLessThan(3000);
    }
  });
});

describe('the keeper', () => {
  it('takes no process for gone that it has no file descriptor left to look at', async () => {
    const [lock] = redis.locks(1) as [RemoteLock];
    const held = await lock.hold();
    const { code, stdout } = await runFixture('redis/no-descriptors.js', {
      args: [redis.server.url, redis.namespace, lock.name],
      under: ['sh', '-c', 'ulimit -n 300; exec "$@"', 'sh'],
      heard: (said) => {
        if (said.endsWith('waits\n')) held.release();
      },
    });
    expect([code, stdout]).toEqual([0, 'EMFILE\nwaits\nhas it\n']);
  });
});

describe('what the kernel tells of a process', () => {
  const start = /\) (?:\S+ ){19}(\d+)/.exec(readFileSync('/proc/self/stat', 'utf8'))?.[1] ?? '';
  const of = (pid: number, started = start) => isGone({ session: 's', pid, start: started });

  it('is that it lives, that its number is of another by now, or that it has ended', async () => {
    expect([of(process.pid), of(process.pid, `${start}0`)]).toEqual([false, true]);
    const child = spawn('true');
    await once(child, 'exit');
    expect(of(child.pid ?? 0)).toBe(true);
    // Dead, and nobody has asked yet how it ended: sleep never does, but a shell might.
    const parent = endWithTest(spawn('sh', ['-c', 'exec 3<&0; cat <&3 & echo $!; exec sleep 60']));
    const [zombie] = await once(parent.stdout, 'data');
    while (readFileSync(`/proc/${parent.pid}/comm`, 'utf8') !== 'sleep\n') await pause(5);
    parent.stdin.end();
    const dead = () => readFileSync(`/proc/${Number(zombie)}/stat`, 'utf8').includes(') Z ');
    while (!dead()) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(of(Number(zombie))).toBe(true);
    parent.kill('SIGKILL');
  });
});

/** An engine that says of each call that somebody's lease is over in 5 ms. */
function saidEngine(run: () => string, asked: string[]): Engine {
  return {
    told$: NEVER,
    join() {},
    incarnation: async () => run(),
    get run() {
      return run();
    },
    async call(operation) {
      asked.push(`${run()}: ${operation}`);
      return operation === 'bye' ? new Promise(() => {}) : ['1', '5', '0', '1000', '0'];
    },
    close: async () => {},
  };
}

it('a keeper ends no session of an engine that has started anew before it has told it what is held', async () => {
  let run = 'first';
  const asked: string[] = [];
  const options = { lease: 1000, grace: true };
  const keeping = new Keeping(
    saidEngine(() => run, asked),
    options,
    () => {},
  );
  keeping.hear({ kind: 'join', session: 's', cells: new Validity().cells, info: {} });
  await pause(0);
  run = 'second';
  while (!asked.includes('second: renew')) await pause(5);
  keeping.hear({ kind: 'end' });
  expect(asked.filter((one) => one.startsWith('second'))[0]).toBe('second: renew');
});

it('a keeper ends though its goodbye is not answered', async () => {
  const asked: string[] = [];
  const engine = saidEngine(() => 'run', asked);
  const ended = new Promise((resolve) => {
    const keeping = new Keeping(engine, { lease: 600_000, grace: true }, ({ kind }) => {
      if (kind === 'announced') keeping.hear({ kind: 'end' });
      if (kind === 'ended') resolve(asked.at(-1));
    });
    keeping.hear({ kind: 'join', session: 's', cells: new Validity().cells, info: {} });
  });
  expect(await ended).toBe('run: bye');
});

it('all keepers of a process say goodbye at once: many take no longer than one', () => {
  const before = process.listeners('exit');
  const said: string[] = [];
  const bye = (name: string) => () => {
    said.push(`${name} is told`);
    return () => said.push(`${name} has said it`);
  };
  const ends = ['a', 'b'].map((name) => onExit(bye(name)));
  const added = process.listeners('exit').filter((one) => !before.includes(one));
  expect(added).toHaveLength(1);
  added[0]?.(0);
  expect(said).toEqual(['a is told', 'b is told', 'a has said it', 'b has said it']);
  for (const end of ends) end();
  expect(process.listeners('exit')).toEqual(before);
});

describe('the keeper, by a lease of a second', () => {
  it('keeps what is held while the event loop is blocked for longer than that', async () => {
    const [lock] = redis.locks(1) as [RemoteLock];
    const machine = await redis.machine({ lock: lock.name, lease: 1000 });
    await machine.do('hold');
    let others = 0;
    const next = lock.hold().subscribe((held) => {
      others++;
      held.release();
    });
    expect(await machine.do('block', 3000)).toEqual({ valid: true });
    expect(others).toBe(0);
    await machine.do('release');
    while (others === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    next.unsubscribe();
  });

  it('frees what a killed process held when its lease is over, or sooner', async () => {
    const [lock] = redis.locks(1) as [RemoteLock];
    const machine = await redis.machine({ lock: lock.name, lease: 1000 });
    await machine.do('hold');
    const next = told(lock);
    const killed = performance.now();
    machine.signal('SIGKILL');
    const { error, at } = await next;
    expect(error).toBeInstanceOf(OwnerDiedError);
    // The lease, 300 ms, and what a loaded machine needs to run the two processes.
    expect(at - killed).toBeLessThan(1000 + 300 + 2500);
  });
});
