import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { lastValueFrom, toArray } from 'rxjs';
import { Event, Lock, runInThread, Thread, ThreadPool, threadModule, transfer } from 'rxjs-threading';
import { afterAll, describe, expect, it } from 'vitest';
import { failure } from '../../support/outcomes.js';

const moving = threadModule<typeof import('../../fixtures/moving.js')>(
  new URL('../../fixtures/moving.js', import.meta.url),
);
/** Of one worker, which knows what it sent away. */
const pool = new ThreadPool({ maxThreads: 1, name: 'movers' });
afterAll(() => pool.close());

describe('transfer', () => {
  it('moves an argument, and copies the others', async () => {
    const moved = Float64Array.of(1, 2, 3);
    const copied = Float64Array.of(4);
    const thread = new Thread({ target: moving.sumOf, args: [transfer(moved), copied] }).start();
    expect([moved.byteLength, copied.byteLength]).toEqual([0, 8]);
    expect(await thread.result()).toBe(10);
  });

  it('moves what its list says, beside a primitive that arrives as itself', async () => {
    const lock = new Lock();
    const pixels = Uint8Array.of(1, 2);
    const target = (job: { lock: Lock; pixels: Uint8Array }) => [job.lock.acquireSync(), ...job.pixels];
    const took = pool.run(target, [transfer({ lock, pixels }, [pixels.buffer])]);
    expect(await took).toEqual([true, 1, 2]);
    expect(pixels.byteLength).toBe(0);
    expect(lock.locked()).toBe(true);
  });

  it('moves once what is given twice', async () => {
    const sum = (...views: Uint8Array[]): number => views.reduce((all, view) => all + view.length, 0);
    const view = new Uint8Array(4);
    expect(await pool.run(sum, [transfer(view), view])).toBe(8);
    const buffer = new ArrayBuffer(8);
    const halves = [transfer(new Uint8Array(buffer, 0, 4)), transfer(new Uint8Array(buffer, 4, 2))];
    expect(await new Thread({ target: sum, args: halves }).start().result()).toBe(6);
    const listed = new Uint8Array(3);
    const options = { target: sum, args: [transfer(listed)], transferList: [listed.buffer, listed.buffer] };
    expect(await new Thread(options).start().result()).toBe(3);
    const twice = new Uint8Array(2);
    const target = (one: { twice: Uint8Array }): number => one.twice.length;
    expect(await pool.run(target, [transfer({ twice }, [twice.buffer, twice.buffer])])).toBe(2);
    expect([view, listed, twice].map((one) => one.length)).toEqual([0, 0, 0]);
  });

  it('does not take the memory that small Buffers share', () => {
    const small = Buffer.from('small');
    const message = /small Buffers share/;
    expect(() => transfer(small)).toThrow(message);
    expect(() => transfer({ small }, [small.buffer])).toThrow(message);
    const thread = new Thread({ target: (one) => one, args: [small], transferList: [small.buffer] });
    expect(() => thread.start()).toThrow(TypeError);
    expect(() => thread.start()).toThrow(message);
    expect(String(Buffer.from('still'))).toBe('still');
  });

  it('moves a result', async () => {
    expect(await pool.run(moving.moved, [3])).toEqual(Uint8Array.of(3, 3, 3));
    expect(await pool.run(moving.movedLater, [2])).toEqual({ bytes: Uint8Array.of(2, 2) });
    expect(await pool.run(moving.takeLengths)).toEqual([0, 0]);
  });

  it('moves those values of a stream that are marked', async () => {
    const values = await lastValueFrom(runInThread(moving.eachMoved, [4], { pool }).pipe(toArray()));
    expect(values).toEqual([Uint8Array.of(1), 2, Uint8Array.of(3, 3, 3), 4]);
    expect(await pool.run(moving.takeLengths)).toEqual([0, 0]);
  });

  it('moves what is reported as progress', async () => {
    const seen: unknown[] = [];
    const left = await pool.run(moving.reportMoved, [2], { onProgress: (value) => seen.push(value) });
    expect(seen).toEqual([Uint8Array.of(2, 2)]);
    expect(left).toEqual([0]);
  });

  it('moves ports and streams', async () => {
    const { port1, port2 } = new MessageChannel();
    const heard = new Promise((resolve) => port2.once('message', resolve));
    await pool.run((port: MessagePort) => port.postMessage('here'), [transfer(port1)]);
    expect(await heard).toBe('here');
    port2.close();
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue('chunk');
        controller.close();
      },
    });
    const read = async (from: ReadableStream) => {
      const chunks: unknown[] = [];
      for await (const chunk of from) chunks.push(chunk);
      return chunks;
    };
    expect(await pool.run(read, [transfer(stream)])).toEqual(['chunk']);
  });

  it('moves streams in line, beside what travels by a stand-in, as they were when they were given', async () => {
    const one = new ThreadPool({ maxThreads: 1 });
    const busy = one.run(() => {}).then();
    const { readable, writable } = new TransformStream<string>();
    const [event, told] = [new Event(), { text: 'given' }];
    const echo = async (from: ReadableStream<string>, heard: Event, { text }: { text: string }) => {
      heard.set();
      return `${text} ${(await from.getReader().read()).value}`;
    };
    const job = one.run(echo, [transfer(readable), event, told]).then();
    told.text = 'changed';
    expect(one.stats.queued).toBe(1);
    const writer = writable.getWriter();
    await Promise.all([busy, writer.write('chunk')]);
    expect(await job).toBe('given chunk');
    expect(event.isSet()).toBe(true);
    await one.close();
  });

  it('moves a port in line whose other end is closed meanwhile', async () => {
    const one = new ThreadPool({ maxThreads: 1 });
    const busy = one.run(() => {}).then();
    const { port1, port2 } = new MessageChannel();
    const job = one.run((port) => typeof port.postMessage, [transfer(port2)]).then();
    expect(one.stats.queued).toBe(1);
    await new Promise<void>((resolve) => {
      port1.on('close', resolve);
      port1.close();
    });
    await busy;
    expect(await job).toBe('function');
    await one.close();
  });

  it('tells why a stream in line cannot move', async () => {
    const one = new ThreadPool({ maxThreads: 1 });
    const busy = one.run(() => {}).then();
    const stream = new ReadableStream();
    stream.getReader();
    await expect(one.run((from) => from, [transfer(stream)]).then()).rejects.toBeInstanceOf(TypeError);
    await busy;
    expect(one.stats).toMatchObject({ completed: 1, queued: 0 });
    await one.close();
  });

  it('gives the value itself back', () => {
    const bytes = new Uint8Array(1);
    expect(transfer(bytes)).toBe(bytes);
    expect(bytes.byteLength).toBe(1);
  });

  it('tells of an argument that has moved before', async () => {
    const bytes = new Uint8Array(1);
    const job = pool.run(moving.sumOf, [transfer(bytes)]);
    expect(await job).toBe(0);
    const error = await failure(job);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/args\[0\] is Uint8Array\(0\) .*which has moved to another thread before/);
  });

  it('tells of a transferList that has been sent before', async () => {
    const buffer = new ArrayBuffer(8);
    const job = runInThread((moved: ArrayBuffer) => moved.byteLength, [buffer], { transferList: [buffer] });
    expect(await lastValueFrom(job)).toBe(8);
    const error = await failure(lastValueFrom(job));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain('has moved to another thread before');
  });

  it('tells of a result, and of a value of a stream, that has moved before', async () => {
    const result = await failure(pool.run(moving.movedBefore));
    expect(result).toMatchObject({ code: 'ERR_CLONE' });
    expect(result.message).toContain('which has moved to another thread before');
    const seen: unknown[] = [];
    const streamed = await new Promise<Error>((resolve) =>
      runInThread(moving.movedTwice).subscribe({ next: (value) => seen.push(value), error: resolve }),
    );
    expect(seen).toEqual([Uint8Array.of(1)]);
    expect(streamed).toMatchObject({ code: 'ERR_CLONE' });
    expect(streamed.message).toContain('output[1] is Uint8Array(0)');
  });

  it('is what the error names that tells of something that can only move', async () => {
    const { port1 } = new MessageChannel();
    const sent = await failure(pool.run((port: MessagePort) => port.close(), [port1]));
    expect(sent.message).toMatch(/args\[0\] is .*which can only move: see transfer\(\)/);
    port1.close();
    expect((await failure(pool.run(moving.portOf))).message).toContain('which can only move: see transfer()');
  });

  it.each<[unknown, unknown, RegExp]>([
    [5, undefined, /must be an object, got 5/],
    [{ a: 1 }, undefined, /cannot transfer \{ a: 1 \}: say in transferList which/],
    [[1], undefined, /cannot transfer \[ 1 \]/],
    [{}, 5, /transferList must be an array, got 5/],
    [{}, [{ b: 2 }], /cannot transfer \{ b: 2 \}/],
    [{}, [new Uint8Array(1)], /cannot transfer Uint8Array/],
    [new SharedArrayBuffer(1), undefined, /it is shared/],
    [new Int32Array(new SharedArrayBuffer(4)), undefined, /it is shared/],
    [Buffer.from('small'), undefined, /small Buffers share their memory/],
  ])('refuses %o with %o', (value, list, message) => {
    expect(() => transfer(value as object, list as object[])).toThrow(TypeError);
    expect(() => transfer(value as object, list as object[])).toThrow(message);
  });
});
