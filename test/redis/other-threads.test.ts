import { Thread } from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';
import { afterAll, describe, expect, it } from 'vitest';

const machines = new Machines({ connection: 'memory', namespace: `threads-${process.pid}` });
afterAll(() => machines.close());

const lock = machines.lock('x');
const all: [string, () => PromiseLike<object> | object][] = [
  ['a Machines', () => machines],
  ['a RemoteLock', () => lock],
  ['a RemoteRLock', () => machines.rlock('x')],
  ['a RemoteSemaphore', () => machines.semaphore('x', 2)],
  ['a RemoteEvent', () => machines.event('x')],
  ['a RemoteBarrier', () => machines.barrier('x', 2)],
  ['a RemoteCondition', () => machines.condition(lock)],
  ['a RemotePool', () => machines.pool('x')],
  ['a RemoteHeld', () => machines.lock('held').hold()],
  ['a RemotePool', () => machines.pool('x')],
];

describe.each(all)('%s', (_title, make) => {
  it('cannot be sent to another thread, whose own Machines knows it by its name', async () => {
    const one = await make();
    const why =
      /because its session belongs to this one: make a Machines there, and ask it for the same name/;
    expect(() => structuredClone({ one })).toThrow(why);
    const thread = new Thread({ target: (given: object) => Object.keys(given), args: [{ one }] });
    expect(() => thread.start()).toThrow(why);
  });
});
