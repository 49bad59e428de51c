import type { Page } from 'playwright-core';

export interface Traced {
  readonly frames: number;
  /** ms of CPU that the page's thread used. */
  readonly used: number;
  /** ms of CPU of its longest task. */
  readonly longest: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name?: string };
  /** µs of CPU. */
  readonly tdur?: number;
}

/** Bytes, after a collection. */
export async function heapUsed(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  await devtools.detach();
  return usedSize;
}

/**
 * What the page's thread does for `ms`. In time of the CPU, not of the clock: so a machine that is busy with other things
 * does not change it.
 */
export async function traced(page: Page, ms: number): Promise<Traced> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('the page has no browser');
  const devtools = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  devtools.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await devtools.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', '__metadata'], excludedCategories: ['*'] },
  });
  const frames = await page.evaluate(
    (ms) =>
      new Promise<number>((resolve) => {
        let frames = 0;
        const begin = performance.now();
        requestAnimationFrame(function count() {
          frames++;
          if (performance.now() - begin < ms) requestAnimationFrame(count);
          else resolve(frames);
        });
      }),
    ms,
  );
  const ended = new Promise((resolve) => devtools.once('Tracing.tracingComplete', resolve));
  await devtools.send('Tracing.end');
  await ended;
  await devtools.detach();
  const main = events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const isMain = ({ pid, tid }: TraceEvent): boolean =>
    main.some((one) => one.pid === pid && one.tid === tid);
  const tasks = events.filter((event) => event.name === 'ThreadControllerImpl::RunTask' && isMain(event));
  const used = tasks.map(({ tdur = 0 }) => tdur / 1000);
  return { frames, used: used.reduce((sum, one) => sum + one, 0), longest: Math.max(0, ...used) };
}
