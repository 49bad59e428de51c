import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Subject } from 'rxjs';
import { type Inspection, inspect, type MonitorEvent, type MonitorMessage } from 'rxjs-threading/monitor';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { applyMessage } from '../../src/monitor/apply-message.js';
import { Feed } from '../../src/monitor/server/feed.js';
import { Gate } from '../../src/monitor/server/gate.js';
import { answerHttp } from '../../src/monitor/server/http-face.js';
import { PageFiles } from '../../src/monitor/server/page-files.js';
import { placeAtRoot } from '../../src/monitor/server/place.js';
import { Routes } from '../../src/monitor/server/routes.js';
import { collectGarbage } from '../support/collect-garbage.js';
import { askRaw, openEvents } from '../support/raw-http.js';
import { messagesIn, type Numbered } from '../support/read-events.js';
import { until } from '../support/turns.js';

const nothing: Inspection = { ...inspect(), threads: [], primitives: [], pools: [], waits: [], findings: [] };

/** A moment in which primitive n has been waited for so often. */
function moment(counts: readonly number[], rest: Partial<Inspection> = {}): Inspection {
  const durations = { count: 0, total: 0, p50: 0, p99: 0, max: 0 };
  const primitives = counts.map((contended, id) => ({
    id,
    kind: 'Lock' as const,
    name: `lock ${id} ${'x'.repeat(100)}`,
    named: true,
    state: { owner: null },
    queue: [],
    contention: {
      acquires: null,
      contended,
      timeouts: 0,
      ownerDeaths: 0,
      signalled: false,
      wait: durations,
      held: null,
      sites: [],
    },
  }));
  return { ...nothing, primitives, ...rest };
}

/** A connection that takes whatever it is given. */
class FakeSink {
  text = '';
  ended = false;
  write(text: string): boolean {
    this.text += text;
    return true;
  }
  end(): void {
    this.ended = true;
  }
  /** What has come since this was last called. */
  take(): Numbered[] {
    const messages = messagesIn(this.text);
    this.text = '';
    return messages;
  }
}

const applied = (messages: readonly Numbered[], from?: Inspection): Inspection | undefined =>
  messages.reduce((now, { id: _, ...message }) => applyMessage(now, message as MonitorMessage), from);

describe('a feed', () => {
  let moments: Subject<Inspection>;
  let latest: Inspection;
  let ring: MonitorEvent[];
  let feed: Feed;
  const tell = (next: Inspection): void => {
    latest = next;
    moments.next(next);
  };
  const happens = (primitive: number): void => {
    ring.push({ time: 0, ident: 1, event: 'wait', primitive, by: null, face: null });
  };
  const readEvents = (cursor = 0) => ({ events: ring.slice(cursor), cursor: ring.length, lost: 0 });

  beforeEach(() => {
    moments = new Subject();
    latest = moment([0]);
    ring = [];
    feed = new Feed({ moments, look: () => latest, readEvents }, false);
  });
  afterEach(() => {
    feed.close();
    vi.useRealTimers();
  });

  it('looks while somebody reads, and at no other time', () => {
    expect(moments.observed).toBe(false);
    const [one, other] = [feed.join(new FakeSink(), Number.NaN), feed.join(new FakeSink(), Number.NaN)];
    expect(moments.observed).toBe(true);
    one.leave();
    one.leave();
    expect(moments.observed).toBe(true);
    other.leave();
    expect(moments.observed).toBe(false);
  });

  it('tells a snapshot, then what has changed, each with an id that rises', () => {
    const sink = new FakeSink();
    feed.join(sink, Number.NaN);
    expect(sink.take()).toMatchObject([{ kind: 'snapshot', now: latest }]);
    tell(moment([1, 0]));
    tell(moment([1, 0]));
    tell(moment([1]));
    const messages = sink.take();
    expect(messages.map(({ kind }) => kind)).toEqual(['delta', 'delta']);
    expect(messages[0]).toMatchObject({
      primitives: { set: [{ id: 0 }, { id: 1, kind: 'Lock' }], gone: [] },
    });
    expect(messages[1]).toMatchObject({ primitives: { set: [], gone: [1] } });
    expect(messages[1]?.id).toBeGreaterThan(messages[0]?.id ?? Number.NaN);
  });

  it('tells findings as they are when they have changed, and not when they have not', () => {
    const sink = new FakeSink();
    feed.join(sink, Number.NaN);
    sink.take();
    const finding = {
      kind: 'abandoned',
      id: 'a',
      since: 1,
      message: 'left',
      primitive: 0,
      ident: 2,
    } as const;
    tell(moment([0], { findings: [finding] }));
    expect(sink.take()).toMatchObject([{ findings: [finding] }]);
    tell(moment([1], { findings: [{ ...finding }] }));
    expect(sink.take()[0]).not.toHaveProperty('findings');
    tell(moment([1]));
    expect(sink.take()).toMatchObject([{ findings: [] }]);
  });

  it('tells one that lagged all it missed in one delta', () => {
    const sink = new FakeSink();
    let room = true;
    const write = (text: string): boolean => sink.write(text) && room;
    const reader = feed.join({ write, end: () => {} }, Number.NaN);
    const before = applied(sink.take());
    room = false;
    tell(moment([1]));
    const first = applied(sink.take(), before);
    for (let n = 2; n < 50; n++) tell(moment([n, n, n]));
    tell(moment([50, 50]));
    expect(sink.text).toBe('');
    room = true;
    reader.drained();
    const messages = sink.take();
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatchObject({ kind: 'delta', primitives: { gone: [2] } });
    expect(applied(messages, first)).toEqual(moment([50, 50]));
  });

  it('tells one that comes back what it missed, and nothing twice', () => {
    const sink = new FakeSink();
    const reader = feed.join(sink, Number.NaN);
    happens(1);
    tell(moment([1]));
    const seen = sink.take();
    reader.leave();
    happens(2);
    latest = moment([2, 2]);
    const again = new FakeSink();
    feed.join(again, seen.at(-1)?.id ?? Number.NaN);
    const messages = again.take();
    expect(messages.map(({ kind }) => kind)).toEqual(['delta', 'events']);
    expect(messages[1]).toMatchObject({ events: [{ primitive: 2 }], lost: 0 });
    expect(applied(messages, applied(seen))).toEqual(latest);
  });

  it('tells one that was cut off between a delta and its events these alone', () => {
    const sink = new FakeSink();
    const reader = feed.join(sink, Number.NaN);
    happens(1);
    tell(moment([1]));
    const delta = sink.take().find(({ kind }) => kind === 'delta');
    reader.leave();
    const again = new FakeSink();
    feed.join(again, delta?.id ?? Number.NaN);
    expect(again.take()).toMatchObject([{ kind: 'events', events: [{ primitive: 1 }] }]);
  });

  it.each([
    ['nothing', Number.NaN],
    ['another process', 1_000_000],
    ['one to come', Date.now() * 2],
    ['none at all', Number.POSITIVE_INFINITY],
    ['a half', 0.5],
  ])('tells one that has seen %s a snapshot', (_, lastId) => {
    feed.join(new FakeSink(), Number.NaN);
    const sink = new FakeSink();
    feed.join(sink, lastId);
    expect(sink.take().map(({ kind }) => kind)).toEqual(['snapshot']);
  });

  it('remembers for 30 s', () => {
    vi.useFakeTimers({
      toFake: ['performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    });
    const sink = new FakeSink();
    feed.join(new FakeSink(), Number.NaN);
    const reader = feed.join(sink, Number.NaN);
    const id = sink.take().at(-1)?.id ?? Number.NaN;
    reader.leave();
    const kindsAfter = (ms: number): string[] => {
      vi.advanceTimersByTime(ms);
      tell(moment([ms]));
      const again = new FakeSink();
      feed.join(again, id).leave();
      return again.take().map(({ kind }) => kind);
    };
    expect(kindsAfter(29_000)).toEqual(['delta']);
    expect(kindsAfter(2000)).toEqual(['snapshot']);
  });

  it('says so each 5 s when there is nothing to say', () => {
    vi.useFakeTimers();
    const sink = new FakeSink();
    feed.join(sink, Number.NaN);
    sink.text = '';
    vi.advanceTimersByTime(5000);
    vi.advanceTimersByTime(5000);
    expect(sink.text).toBe(':\n\n');
    tell(moment([1]));
    sink.text = '';
    vi.advanceTimersByTime(5000);
    expect(sink.text).toBe('');
    vi.advanceTimersByTime(5000);
    expect(sink.text).toBe(':\n\n');
  });

  it('tells the last events to who begins, and how many a slow reader has lost', () => {
    for (let n = 0; n < 3000; n++) happens(n);
    const sink = new FakeSink();
    let room = false;
    const reader = feed.join({ write: (text) => sink.write(text) && room, end: () => {} }, Number.NaN);
    const [, events] = sink.take();
    expect(events).toMatchObject({ kind: 'events', lost: 2000 });
    expect(events).toHaveProperty('events.999.primitive', 2999);
    for (let n = 0; n < 1500; n++) happens(n);
    tell(moment([1]));
    room = true;
    reader.drained();
    expect(sink.take()[1]).toMatchObject({ kind: 'events', lost: 500 });
  });

  it('says bye with the exit code, and ends', () => {
    const sink = new FakeSink();
    feed.join(sink, Number.NaN);
    sink.take();
    feed.close(3);
    expect(sink.take()).toMatchObject([{ kind: 'bye', code: 3 }]);
    expect(sink.ended).toBe(true);
    expect(moments.observed).toBe(false);
  });
});

/** A feed as a server of node:http serves it. */
class ServedFeed implements Disposable {
  readonly moments = new Subject<Inspection>();
  readonly feed = new Feed(
    {
      moments: this.moments,
      look: () => moment([]),
      readEvents: () => ({ events: [], cursor: 0, lost: 0 }),
    },
    false,
  );
  readonly #server: Server = createServer((request, response) => {
    void answerHttp(this.#routes, this.feed, placeAtRoot(request.url ?? ''), request, response);
  });
  readonly #routes = new Routes(
    new Gate({ allowedHosts: [], token: undefined }),
    this.feed,
    new PageFiles('', () => ''),
    {
      metrics: () => '',
      dump: async () => '',
      trace: async () => new Uint8Array(),
      stack: undefined,
    },
  );

  /** @returns its port */
  async listen(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  [Symbol.dispose](): void {
    this.#server.closeAllConnections();
    this.feed.close();
    this.#server.close();
  }
}

describe('a reader that asks twice at a time over one connection', () => {
  it('is nobody who reads once that is gone', async () => {
    using served = new ServedFeed();
    const port = await served.listen();
    const socket = await openEvents(port);
    socket.write(`GET /events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    // Its answer comes after the one before it has ended, which this does not: so a third connection tells that it was asked.
    await until(() => served.moments.observed);
    expect((await askRaw(port, ['GET /inspect.json HTTP/1.1', `Host: 127.0.0.1:${port}`])).status).toBe(200);
    socket.destroy();
    await until(() => !served.moments.observed);
  });
});

describe('a reader that does not read', () => {
  it('takes less than 1 MB of the monitor, then gets one delta', async () => {
    using served = new ServedFeed();
    const { feed, moments } = served;
    const socket = await openEvents(await served.listen());
    await until(() => moments.observed);

    const all = (n: number): Inspection => moment(Array.from({ length: 200 }, () => n));
    // Until the kernel takes no more either.
    const written = vi.spyOn(feed, 'text');
    let n = 0;
    for (let told = -1; told !== written.mock.calls.length; ) {
      told = written.mock.calls.length;
      for (let turn = 0; turn < 20; turn++) {
        moments.next(all(++n));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    written.mockRestore();
    collectGarbage();
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    for (let more = 0; more < 2000; more++) {
      moments.next(all(++n));
      if (more % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    collectGarbage();
    const after = process.memoryUsage();
    const growth = after.heapUsed - heapUsed + after.external - external + after.arrayBuffers - arrayBuffers;
    expect(growth).toBeLessThan(1_000_000);

    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.resume();
    await until(() => text.includes(`"contended":${n},`));
    // The last delta spans more than 2,000 versions.
    const bare = text.replace(/^[\da-f]+\r\n|\r\n(?=[\da-f]+\r\n|$)/gm, '');
    const [before, last] = messagesIn(
      bare.slice(bare.lastIndexOf('event: delta', bare.lastIndexOf('event: delta') - 1)),
    );
    expect((last?.id ?? 0) - (before?.id ?? 0)).toBeGreaterThanOrEqual(4000);
    socket.destroy();
  });
});
