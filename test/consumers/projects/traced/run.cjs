/** What needs files that no import names, of the library's copy that it is given. */
exports.run = async (
  { Lock, Thread, ThreadPool, threadMap, threadPipe },
  { serveMonitor },
  { from, lastValueFrom, toArray },
) => {
  const lock = new Lock();
  const counted = new Int32Array(new SharedArrayBuffer(4));
  const target = (lock, counted) => {
    lock.acquireSync();
    counted[0]++;
    lock.release();
    return counted[0];
  };
  for (let i = 0; i < 2; i++)
    console.log(await new Thread({ target, args: [lock, counted] }).start().result());
  const pool = new ThreadPool({ maxThreads: 1 });
  console.log(await pool.run(() => 'of a pool'));
  await pool.close();
  const list = (operator) => lastValueFrom(from([2]).pipe(operator, toArray()));
  console.log(await list(threadMap((n) => n * n)));
  console.log(await list(threadPipe(async (numbers) => (await import('rxjs')).map((n) => n * 3)(numbers))));
  const monitor = await serveMonitor({ port: 0 });
  const page = await (await fetch(monitor.url)).text();
  console.log(/<title>/.test(page) ? 'the page' : page);
  await monitor.close();
};
