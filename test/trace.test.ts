import {
  Event,
  getIdent,
  getprofile,
  gettrace,
  Lock,
  setprofile,
  settrace,
  settraceAllThreads,
  Thread,
  type TraceEvent,
  threadModule,
  trace$,
} from 'rxjs-threading';
import { afterEach, describe, expect, it } from 'vitest';

const targets = threadModule(new URL('./fixtures/thread-targets.js', import.meta.url)) as Record<
  string,
  { module: string; export: string }
>;
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};
const short = ({ event, name }: TraceEvent): string => `${event} ${name}`;

afterEach(() => {
  settrace(null);
  setprofile(null);
});

describe('settrace', () => {
  it('tells of what later threads call and do with primitives, in order', async () => {
    const events: TraceEvent[] = [];
    settrace((event) => events.push(event));
    const thread = new Thread({
      target: targets.acquireAndRelease!,
      args: [new Lock({ name: 'L' })],
    }).start();
    await until(() => events.at(-1)?.event === 'return');
    expect(events.map(short)).toEqual([
      'call acquireAndRelease',
      'acquire L',
      'acquired L',
      'release L',
      'return acquireAndRelease',
    ]);
    expect(new Set(events.map(({ ident }) => ident))).toEqual(new Set([thread.ident]));
    expect(events.at(-1)?.arg).toBe(3);
    for (let at = 1; at < events.length; at++)
      expect(events[at]!.time).toBeGreaterThanOrEqual(events[at - 1]!.time);
  });

  it('tells nothing of threads that run already; settraceAllThreads does', () => {
    const lock = new Lock({ name: 'mine' });
    const events: string[] = [];
    settrace((event) => events.push(short(event)));
    lock.acquireSync();
    lock.release();
    expect(events).toEqual([]);
    settraceAllThreads((event) => events.push(short(event)));
    lock.acquireSync();
    lock.release();
    expect(events).toEqual(['acquire mine', 'acquired mine', 'release mine']);
  });

  it('tells of the error of a target', async () => {
    const events: TraceEvent[] = [];
    settrace((event) => events.push(event));
    const thread = new Thread({
      target: function broken() {
        throw new RangeError('no');
      },
    }).start();
    await expect(Promise.resolve(thread.result())).rejects.toThrow('no');
    await until(() => events.at(-1)?.event === 'exception');
    expect(events.map(short)).toEqual(['call broken', 'exception broken']);
    expect(events.at(-1)?.arg).toMatchObject({ message: 'no' });
  });

  it('is read back, ended by null, and must be a function', () => {
    const fn = (): void => {};
    settrace(fn);
    setprofile(fn);
    expect([gettrace(), getprofile()]).toEqual([fn, fn]);
    settrace(null);
    setprofile(null);
    expect([gettrace(), getprofile()]).toEqual([null, null]);
    expect(() => settrace(5 as never)).toThrow(/got 5/);
  });
});

describe('setprofile', () => {
  it('tells of calls and ends alone', async () => {
    const events: string[] = [];
    setprofile((event) => events.push(short(event)));
    new Thread({ target: targets.acquireAndRelease!, args: [new Lock()] }).start();
    await until(() => events.length === 2);
    expect(events).toEqual(['call acquireAndRelease', 'return acquireAndRelease']);
  });
});

describe('trace$', () => {
  it('tells of all threads while somebody subscribes', () => {
    const events: TraceEvent[] = [];
    const subscription = trace$.subscribe((event) => events.push(event));
    const event = new Event({ name: 'E' });
    event.set();
    event.clear();
    subscription.unsubscribe();
    event.set();
    expect(events.map(short)).toEqual(['set E', 'clear E']);
    expect(events[0]?.ident).toBe(getIdent());
  });
});
