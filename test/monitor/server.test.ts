import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Worker } from 'node:worker_threads';
import { enumerate, Lock, Thread, waits } from 'rxjs-threading';
import { type Inspection, inspect, serveMonitor } from 'rxjs-threading/monitor';
import { describe, expect, it } from 'vitest';
import { applyMessage } from '../../src/monitor/apply-message.js';
import { EventsReader } from '../support/read-events.js';
import { runFixture } from '../support/run-fixture.js';
import { until } from '../support/turns.js';

const inspection = async (url: string): Promise<Inspection> =>
  (await (await fetch(`${url}inspect.json`)).json()) as Inspection;

describe.each(['worker', 'here'] as const)('a monitor served from a %s', (where) => {
  it('tells what there is and then what changes, until it is closed', async () => {
    const monitor = await serveMonitor({ port: 0, in: where });
    const reader = await new EventsReader(monitor.url).open();
    let now: Inspection | undefined;
    const read = async (): Promise<void> => {
      const message = await reader.next();
      if (message === undefined) throw new Error('the stream has ended');
      now = applyMessage(now, message);
    };
    await read();
    expect(now?.threads.map(({ name }) => name)).toContain('MainThread');
    expect(now?.process.pid).toBe(process.pid);

    const lock = new Lock({ name: `served from ${where}` });
    await lock.acquire();
    const waiting = lock.acquire().subscribe();
    while (!now?.waits.some(({ name }) => name === lock.name)) await read();
    const [primitive] = now.primitives.filter(({ name }) => name === lock.name);
    expect(primitive?.queue).toHaveLength(1);
    waiting.unsubscribe();
    while (now?.waits.some(({ name }) => name === lock.name)) await read();

    await monitor.close();
    await expect(
      (async () => {
        while ((await reader.next()) !== undefined);
        return 'ended';
      })(),
    ).resolves.toBe('ended');
    await expect(fetch(monitor.url)).rejects.toThrow();
  });

  it('tells one that comes back a delta', async () => {
    await using monitor = await serveMonitor({ port: 0, in: where });
    const first = await new EventsReader(monitor.url).open();
    const { id } = await first.until(({ kind }) => kind === 'snapshot');
    const lock = new Lock({ name: 'meanwhile' });
    await lock.acquire();
    const waiting = lock.acquire().subscribe();
    first.close();
    const again = await new EventsReader(monitor.url).open(id);
    const message = await again.until(
      (one) => one.kind === 'delta' && one.waits.set.some(({ name }) => name === 'meanwhile'),
    );
    expect(message.id).toBeGreaterThan(id);
    again.close();
    waiting.unsubscribe();
  });

  it('rejects when the port is taken, and leaves nothing behind', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const refused = serveMonitor({ port, in: where });
    await expect(refused).rejects.toMatchObject({ code: 'EADDRINUSE', port });
    await new Promise((resolve) => taken.close(resolve));
    await (await serveMonitor({ port, in: where })).close();
  });

  it('is closed at once, whoever reads, and more than once', async () => {
    const monitor = await serveMonitor({ port: 0, in: where });
    await new EventsReader(monitor.url).open();
    await Promise.all([monitor.close(), monitor.close()]);
    await monitor.close();
  });

  it.each([undefined, 0, 3])('says bye as the process ends, with the code %s', async (code) => {
    let message: object | undefined;
    let asked = false;
    const { stderr, code: ended } = await runFixture('monitor/ends.js', {
      args: [where, ...(code === undefined ? [] : [`${code}`])],
      heard(stdout) {
        const [url = '', gate] = stdout.trim().split(' ');
        if (asked) return;
        asked = true;
        void (async () => {
          const reader = await new EventsReader(url).open();
          await reader.until(({ kind }) => kind === 'snapshot');
          await fetch(`http://127.0.0.1:${gate}/`);
          message = await reader.until(({ kind }) => kind === 'bye');
        })();
      },
    });
    expect(stderr).toBe('');
    expect(ended).toBe(code ?? 0);
    await until(() => message !== undefined);
    expect(message).toMatchObject({ kind: 'bye', code: code ?? 0 });
  });
});

describe('a monitor in a thread of its own', () => {
  it('answers while main is blocked', async () => {
    const { stdout, stderr } = await runFixture('monitor/blocked-main.js');
    expect(stderr).toBe('');
    expect(stdout).toBe('main waits for told, blocking\n');
  });

  it('has memory enough for tens of thousands of locks', async () => {
    const { stdout, code } = await runFixture('monitor/many-locks.js', { args: ['30000'] });
    expect({ stdout, code }).toEqual({ stdout: '30000 200 30000 200 30000 200\n', code: 0 });
  });

  it('may be killed: nobody looks any more, and it can be closed', async () => {
    const workers: Worker[] = [];
    const heard = (worker: Worker): void => void workers.push(worker);
    process.once('worker', heard);
    const monitor = await serveMonitor({ port: 0, detail: 'all' });
    const lock = new Lock();
    const acquires = () =>
      inspect({ watch: [lock] }).primitives.find(({ id }) => id === lock.id)?.contention.acquires;
    expect(acquires()).toBe(0);
    await workers[0]?.terminate();
    await until(() => acquires() === null);
    await monitor.close();
  });

  it('is shown nowhere, and waits for nothing', async () => {
    const before = enumerate().length;
    await using monitor = await serveMonitor({ port: 0 });
    const reader = await new EventsReader(monitor.url).open();
    await reader.next();
    const idents = [...(await inspection(monitor.url)).threads.map(({ ident }) => ident)];
    expect(enumerate()).toHaveLength(before);
    expect(idents).toEqual(enumerate().map(({ ident }) => ident));
    expect(waits()).toEqual([]);
    reader.close();
  });

  it('shows nothing of arguments, results, environment and command line', async () => {
    process.env.MONITOR_SECRET = 'secret-environment';
    await using monitor = await serveMonitor({ port: 0 });
    const lock = new Lock({ name: 'shown' });
    lock.acquireSync();
    const target = (one: Lock, secret: string): string => {
      one.acquireSync();
      one.release();
      return `secret-result-${secret}`;
    };
    const thread = new Thread({ target, args: [lock, 'secret-argument'], name: 'worker' }).start();
    const failing = new Thread({ target: () => Promise.reject(new Error('secret-error')) }).start();
    await expect(failing.result()).rejects.toThrow('secret-error');
    await until(() => waits().length > 0);
    const read = async (): Promise<string> => {
      const reader = await new EventsReader(monitor.url).open();
      const snapshot = JSON.stringify(await reader.next());
      reader.close();
      const pages = ['inspect.json', 'metrics', 'dump.txt'].map(async (route) =>
        (await fetch(monitor.url + route)).text(),
      );
      return [snapshot, ...(await Promise.all(pages))].join('\n');
    };
    const blocked = await read();
    lock.release();
    await thread.result();
    const shown = blocked + (await read());
    delete process.env.MONITOR_SECRET;
    expect(shown).toContain('shown');
    expect(shown).not.toContain('secret');
    expect(shown).not.toContain(process.argv[1]);
    expect(shown).not.toContain('execArgv');
  });
});

it.each(['[::1]', '::1', 'LOCALHOST', '127.0.0.1'])(
  'a monitor listens on %s, however that is spelt',
  async (host) => {
    const monitor = await serveMonitor({ port: 0, host });
    expect((await fetch(monitor.url)).status).toBe(200);
    if (host === 'LOCALHOST')
      expect((await fetch(monitor.url.replace('localhost', '[::1]'))).status).toBe(200);
    await monitor.close();
  },
);
