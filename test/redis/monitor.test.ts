import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Thread } from 'rxjs-threading';
import type { DistributedDeadlock, Finding, Inspection, NamespaceInfo } from 'rxjs-threading/monitor';
import { channels, inspect$, metrics, monitorHandler } from 'rxjs-threading/monitor';
import { Machines } from 'rxjs-threading/redis';
import { describe, expect, it } from 'vitest';
import { type Machine, TwoMachines } from '../support/monitor/machines.js';
import { Top } from '../support/monitor/top.js';
import { redisServer } from '../support/redis-server.js';
import { heard } from './support/heard.js';

/** ms in which a monitor tells of something, and tells of it no more. */
const SOON = 2000;
/** More on a machine that is busy: what it took is told. */
const PATIENCE = 30_000;
const NAMES = ['api\x1b[2J\n<img src=x onerror=alert(1)>', 'worker "#2\\'] as const;

const read = async (machine: Machine, route: string): Promise<string> =>
  (await fetch(machine.url + route)).text();
const inspected = async (machine: Machine): Promise<Inspection> =>
  JSON.parse(await read(machine, 'inspect.json'));
const namespaceOf = async (machine: Machine): Promise<NamespaceInfo | undefined> =>
  (await inspected(machine)).namespaces[0];
const isDistributed = (one: Finding): one is DistributedDeadlock => one.kind === 'distributed-deadlock';

/** Two Machines of this process, each of which holds a lock that the other waits for. */
class Cycle implements AsyncDisposable {
  readonly namespace: string;
  readonly #all: readonly Machines[];

  static async start(): Promise<Cycle> {
    const namespace = `cycle-${process.pid}`;
    const all = [1, 2].map(() => new Machines({ connection: 'memory', namespace }));
    const cycle = new Cycle(namespace, all);
    for (const [at, machines] of all.entries()) {
      await machines.open();
      await machines.lock(`lock ${at}`).hold();
    }
    // `end` lets go of what is held; what is granted by then has ended with its Machines.
    for (const [at, machines] of all.entries())
      cycle.#waits.push(
        machines
          .lock(`lock ${1 - at}`)
          .hold()
          .subscribe(),
      );
    return cycle;
  }

  readonly #waits: { unsubscribe(): void }[] = [];

  private constructor(namespace: string, all: readonly Machines[]) {
    this.namespace = namespace;
    this.#all = all;
  }

  async end(): Promise<void> {
    for (const waits of this.#waits.splice(0)) waits.unsubscribe();
    for (const machines of this.#all) await machines.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

describe('the monitor of a process that shares a namespace', () => {
  it('tells who shares it, what each has and waits for, and since when', async () => {
    await using two = await TwoMachines.start(NAMES);
    const { first, second } = two;
    const token = await first.do('hold', 'ledger');
    await second.do('wait', 'ledger');
    await expect
      .poll(async () => (await namespaceOf(first))?.things, { timeout: PATIENCE })
      .toMatchObject([{ waiters: [{}] }]);
    const now = await inspected(first);
    const [namespace] = now.namespaces;
    expect(now.namespaces).toHaveLength(1);
    expect(namespace).toMatchObject({ namespace: 'shop', session: first.session, thingsLeftOut: 0 });
    expect(
      namespace?.machines.map(({ session, name, pid, own }) => [session, name, pid, own]).sort(),
    ).toEqual(
      [
        [first.session, NAMES[0], first.pid, true],
        [second.session, NAMES[1], second.pid, false],
      ].sort(),
    );
    expect(namespace?.things).toEqual([
      {
        kind: 'lock',
        name: 'ledger',
        holders: [{ session: first.session, token: Number(token), since: expect.any(Number), count: 1 }],
        waiters: [{ session: second.session, since: expect.any(Number), count: 1 }],
      },
    ]);
    const times = [
      namespace?.seen,
      ...(namespace?.machines.map(({ joined }) => joined) ?? []),
      ...(namespace?.things.flatMap(({ holders, waiters }) => [...holders, ...waiters]) ?? []).map(
        ({ since }) => since,
      ),
    ];
    for (const time of times) expect(Math.abs(Date.now() - (time ?? 0))).toBeLessThan(PATIENCE);
    await second.do('leave');
    await first.do('release', 'ledger');
    await expect.poll(async () => (await namespaceOf(second))?.things, { timeout: PATIENCE }).toEqual([]);
  });

  it('tells of a cycle everywhere, while it lasts', async () => {
    await using two = await TwoMachines.start(NAMES);
    const { first, second } = two;
    const top = new Top(first.url);
    const words = /2 processes may be in a deadlock: .*waits for lock 'x', which/s;
    const told = async () => {
      const [inspection, metrics, dump] = await Promise.all([
        inspected(second),
        read(second, 'metrics'),
        read(second, 'dump.txt'),
      ]);
      return {
        inspect: inspection.findings.filter(isDistributed).length,
        top: (top.now?.findings ?? []).filter(isDistributed).length,
        metrics: /^rxjs_threading_deadlocks\{certainty="suspected"\} (\d+)$/m.exec(metrics)?.[1],
        dump: words.test(dump),
      };
    };
    await two.cross('x', 'y');
    const begun = performance.now();
    await expect
      .poll(told, { timeout: PATIENCE, interval: 50 })
      .toEqual({ inspect: 1, top: 1, metrics: '1', dump: true });
    const shown = performance.now() - begun;
    const { findings, namespaces } = await inspected(first);
    const [deadlock] = findings.filter(isDistributed);
    expect(deadlock).toMatchObject({ certainty: 'suspected', namespace: 'shop' });
    const edges = deadlock?.cycle.map(({ session, holds, waitsFor }) => [session, holds, waitsFor]);
    expect(edges?.sort()).toEqual(
      [
        [first.session, 'x', 'y'],
        [second.session, 'y', 'x'],
      ].sort(),
    );
    expect(namespaces[0]?.machines.map(({ finding }) => finding)).toEqual([deadlock?.id, deadlock?.id]);

    const [metrics, dump] = await Promise.all([read(first, 'metrics'), read(first, 'dump.txt')]);
    expect(metrics).toContain('rxjs_threading_machines{namespace="shop"} 2\n');
    expect(metrics).toContain('rxjs_threading_machines_held{namespace="shop"} 2\n');
    expect(metrics).toContain('rxjs_threading_machines_waits{namespace="shop"} 2\n');
    expect(metrics).not.toContain('<img');
    expect(dump).toMatch(/^Machines of "shop", seen \d\.\d s ago: 2$/m);
    expect(dump).toMatch(
      /^ {3}"api\\x1b\[2J\\x0a<img src=x onerror=alert\(1\)>" on .*, process \d+, this one, joined/m,
    );
    expect(dump).toMatch(/^ {3}- holds lock "x" for \d+\.\d s, token \d{16}$/m);

    await first.do('leave');
    const left = performance.now();
    await expect
      .poll(told, { timeout: PATIENCE, interval: 50 })
      .toEqual({ inspect: 0, top: 0, metrics: '0', dump: false });
    const gone = performance.now() - left;
    top.close();
    console.log(
      `shown after ${shown.toFixed(0)} ms, gone after ${gone.toFixed(0)} ms (${SOON} at most, when nothing else runs)`,
    );
  });

  it('tells how old it is what it tells, while the thread of the Machines is blocked', async () => {
    await using two = await TwoMachines.start(NAMES);
    const { first } = two;
    await first.do('hold', 'ledger');
    await expect.poll(async () => (await namespaceOf(first))?.things.length, { timeout: PATIENCE }).toBe(1);
    await first.do('block', 5000);
    const age = async (): Promise<number> => {
      const { time, namespaces } = await inspected(first);
      expect(namespaces[0]?.things).toMatchObject([{ name: 'ledger' }]);
      return time - (namespaces[0]?.seen ?? 0);
    };
    await expect.poll(age, { timeout: PATIENCE }).toBeGreaterThan(3000);
    await expect.poll(age, { timeout: PATIENCE }).toBeLessThan(2000);
  });

  it('tells no more of a Machines that was closed, or of a process that was killed', async () => {
    await using two = await TwoMachines.start(NAMES);
    const { first, second } = two;
    const sessions = async () => (await namespaceOf(first))?.machines.map(({ session }) => session);
    await expect.poll(async () => (await sessions())?.length, { timeout: PATIENCE }).toBe(2);
    second.kill();
    await expect.poll(sessions, { timeout: PATIENCE }).toEqual([first.session]);
    await first.do('close');
    await expect.poll(() => namespaceOf(first), { timeout: PATIENCE }).toBeUndefined();
  });

  it('tells of a Machines of another thread', async () => {
    const server = await redisServer();
    const target = async (connection: string): Promise<void> => {
      const { Machines: Own } = await import('rxjs-threading/redis');
      const own = await new Own({ connection, namespace: 'theirs', grace: false }).open();
      await own.lock('ledger').hold();
      await new Promise(() => setInterval(() => {}, 1000));
    };
    const thread = new Thread({ target, args: [server.url], daemon: true }).start();
    const { namespaces } = await heard(inspect$(), (now) => now.namespaces[0]?.things.length === 1);
    expect(namespaces).toMatchObject([{ namespace: 'theirs', machines: [{ pid: process.pid, own: true }] }]);
    await thread.terminate();
    await heard(inspect$(), (now) => now.namespaces.length === 0);
    await server.stop();
  });

  it('looks again after the engine has refused a look, and says so once', async () => {
    const server = await redisServer();
    const client = new Redis(server.url);
    const machines = new Machines({ connection: server.url, namespace: 'refused', grace: false });
    const errors: string[] = [];
    machines.errors$.subscribe(({ message }) => errors.push(message));
    await machines.open();
    const key = '{refused}:o:stranger';
    await client.zadd('{refused}:ses', Date.now() + 600_000, 'stranger');
    await client.set(key, 'of somebody else');
    const watching = inspect$().subscribe();
    while (errors.length === 0) await pause(20);
    // Some more looks.
    await pause(1000);
    expect(errors).toMatchObject([expect.stringMatching(/WRONGTYPE/)]);
    await client.del(key);
    await machines.lock('x').hold();
    await heard(inspect$(), (now) => now.namespaces[0]?.things.length === 1);
    watching.unsubscribe();
    await machines.close();
    client.disconnect();
    await server.stop();
  });

  it('tells of a namespace once, whatever the number of Machines in the process, but of each engine', async () => {
    const server = await redisServer();
    const shared = { connection: 'memory', namespace: `m${process.pid}` } as const;
    const all = [
      new Machines(shared),
      new Machines(shared),
      new Machines({ ...shared, namespace: 'other' }),
      new Machines({ ...shared, connection: server.url, grace: false }),
    ];
    // Not connected yet, nor made to by who looks.
    const idle = new Machines({ ...shared, namespace: 'idle' });
    for (const machines of all) await machines.open();
    const { namespaces } = await heard(inspect$(), (now) => now.namespaces.length === 3);
    expect(namespaces.map(({ namespace, machines }) => [namespace, machines.length]).sort()).toEqual(
      [
        [shared.namespace, 1],
        [shared.namespace, 2],
        ['other', 1],
      ].sort(),
    );
    for (const machines of [...all, idle]) await machines.close();
    await heard(inspect$(), (now) => now.namespaces.length === 0);
    await server.stop();
  });

  it('tells of a cycle to who only scrapes, to the channel, and in the text of metrics', async () => {
    await using cycle = await Cycle.start();
    const told: DistributedDeadlock[] = [];
    const hear = (message: unknown) => void told.push(message as DistributedDeadlock);
    subscribe(channels.deadlock, hear);
    const handler = monitorHandler();
    const scrape = async (route: string): Promise<string> =>
      (await handler.fetch(new Request(`http://localhost/${route}`))).text();
    const found = async () => (JSON.parse(await scrape('inspect.json')) as Inspection).findings;
    await expect.poll(found, { timeout: PATIENCE }).toMatchObject([{ kind: 'distributed-deadlock' }]);
    const { namespaces } = JSON.parse(await scrape('inspect.json')) as Inspection;
    expect(namespaces).toMatchObject([{ namespace: cycle.namespace, machines: [{}, {}] }]);
    for (const text of [await scrape('metrics'), metrics()]) {
      expect(text).toContain('rxjs_threading_deadlocks{certainty="suspected"} 1\n');
      expect(text).toContain(`rxjs_threading_machines{namespace="${cycle.namespace}"} 2\n`);
    }
    expect(await scrape('dump.txt')).toContain('2 processes may be in a deadlock');
    await cycle.end();
    await expect.poll(found, { timeout: PATIENCE }).toEqual([]);
    expect(told.map(({ kind, namespace }) => [kind, namespace])).toEqual([
      ['distributed-deadlock', cycle.namespace],
    ]);
    unsubscribe(channels.deadlock, hear);
    handler.close();
  });

  it('tells only what it can be sure to be names and numbers of what another process says of itself', async () => {
    const server = await redisServer();
    const client = new Redis(server.url);
    const machines = await new Machines({ connection: server.url, namespace: 'n', grace: false }).open();
    const says = async (info: string) => {
      await client.hset(`{n}:s:${machines.session}`, 'i', info);
      return (await machines.snapshot()).machines[0];
    };
    const nothing = {
      session: machines.session,
      name: '',
      host: '',
      pid: 0,
      node: '',
      threads: 0,
      pools: [],
    };
    for (const info of [
      'null',
      '7',
      '[',
      '{"name":{},"host":[],"pid":"1","node":null,"threads":{},"pools":7}',
    ])
      expect(await says(info)).toMatchObject(nothing);
    const pool = { name: '', busy: 0, queued: 0, threads: 0 };
    expect((await says('{"pools":[null,3,{"name":4,"busy":"x"}]}'))?.pools).toEqual([pool, pool, pool]);
    await machines.close();
    client.disconnect();
    await server.stop();
  });
});
