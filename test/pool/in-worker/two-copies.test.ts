import { lastValueFrom, of } from 'rxjs';
import * as here from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { installed } from '../../support/installed.js';
import { failure } from '../../support/outcomes.js';
import { sleep } from '../../support/random.js';

const targets = here.threadModule<typeof import('../../fixtures/two-copies.js')>(
  new URL('../../fixtures/two-copies.js', import.meta.url),
);
const dist = new URL('../../../dist/index.js', import.meta.url).pathname;
const other = `${installed()}/node_modules/rxjs-threading/dist/index.js`;
const copies = [dist, other];

describe('what a target does by another copy of the package than its worker', () => {
  it('moves what transfer marks', async () => {
    await using pool = new here.ThreadPool({ maxThreads: 1 });
    expect(await pool.run(targets.movesByOther, [copies])).toEqual({ kept: new ArrayBuffer(8) });
    expect(await pool.run(targets.keptLength)).toBe(0);
  });

  it('reports progress to the threadMap, and not in a threadPipe', async () => {
    const seen: unknown[] = [];
    const onProgress = (value: unknown) => seen.push(value);
    await using pool = new here.ThreadPool({ maxThreads: 1 });
    const values = of({ copies, value: 7 });
    await lastValueFrom(values.pipe(here.threadMap(targets.reportsByOther, { pool, onProgress })));
    expect(seen).toEqual([7]);
    const piped = failure(lastValueFrom(of(copies).pipe(here.threadPipe(targets.reportsInPipe))));
    expect((await piped).message).toMatch(/in threadPipe, which has no progress/);
  });

  it('cancels its thread for the reason that it says', async () => {
    const stream = here.runInThread(targets.cancelsItselfByOther, [copies]);
    expect(await failure(lastValueFrom(stream))).toMatchObject({ name: 'RangeError', message: 'enough' });
  });

  it('leaves threads behind that no other thread runs beside', async () => {
    const event = new here.Event();
    const args = [copies, event] as const;
    const worker = await new here.Thread({ target: targets.leavesThreadOfOther, args }).start().result();
    // Until the worker has nothing to do any more but for that thread.
    await sleep(300);
    const next = await new here.Thread({ target: targets.workerOf }).start().result();
    expect(next).not.toBe(worker);
    event.set();
  });
});
