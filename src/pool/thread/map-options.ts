/** How much is mapped at once, in which order, and what becomes of what fails: of `ThreadPool.map` and `threadMap`. */
export interface MapOptions<T = unknown> {
  /** Values being mapped at once; default: twice the pool's workers. */
  concurrency?: number | undefined;
  /** The most values that may be here, or with workers, whose results have not been passed on. Default 4096. */
  buffer?: number | undefined;
  /** Default true: results in source order. false: as they come. */
  ordered?: boolean | undefined;
  /** Values sent to a worker in one message, mapped one after the other; default: adapts to how long one takes. */
  batch?: number | undefined;
  /** ms between asking what runs to stop and killing its worker. Default 1000; Infinity: never killed. */
  grace?: number | undefined;
  /**
   * What a value belongs to, compared as by a Map: values of one key are mapped in order, one after the other, in one worker
   * at a time, and those of different keys side by side. Nothing is kept of a key that has no values here.
   *
   * @example
   * of('a1', 'b1', 'a2')
   *   .pipe(threadMap((entry: string) => entry.toUpperCase(), { key: (entry) => entry[0] }))
   *   .subscribe((entry) => console.log(entry)); // prints A1, then B1, then A2
   */
  key?: ((value: T) => unknown) | undefined;
  /**
   * Called at once when a value fails, with how often it has, and says what becomes of it: `'fail'`, the default, ends the
   * subscription with the error; `'skip'` goes on without a result of it; `'retry'` maps it again, in its place. What moved
   * or cannot be sent is not retried, it fails. Of a stream that fails, what has been passed on remains.
   *
   * @example
   * of('[1]', '[2', '[3]')
   *   .pipe(
   *     threadMap((text: string) => JSON.parse(text)[0] as number, {
   *       onError: (_, __, attempt) => (attempt < 3 ? 'retry' : 'skip'),
   *     }),
   *   )
   *   .subscribe((n) => console.log(n)); // prints 1, then 3
   */
  onError?: ((error: Error, value: T, attempt: number) => 'fail' | 'skip' | 'retry') | undefined;
  /**
   * ms that a value may take, from when its worker begins with it until all its results are sent. Then it has failed, with
   * RxJS's TimeoutError; its thread is cancelled, and killed when it has not ended after `grace`. What else that worker was
   * mapping, and the value if it is retried, waits for that end and is mapped again. Default: as long as it takes.
   *
   * @example
   * of(1, 2)
   *   .pipe(threadMap((n: number) => { while (n === 2); return n; }, { timeout: 100, grace: 0 }))
   *   .subscribe({
   *     next: (n) => console.log(n), // prints 1, then TimeoutError
   *     error: ({ name }) => console.log(name),
   *   });
   */
  timeout?: number | undefined;
  /**
   * Called with what the target reports by `reportProgress`, for which value and its index, in order and before the
   * value's result.
   *
   * @example
   * const copy = async (file: string) => {
   *   const { reportProgress } = await import('rxjs-threading');
   *   reportProgress(50);
   *   return `${file} copied`;
   * };
   * of('a.txt')
   *   .pipe(threadMap(copy, { onProgress: (percent, file) => console.log(`${file}: ${percent} %`) }))
   *   .subscribe((told) => console.log(told)); // prints a.txt: 50 %, then a.txt copied
   */
  onProgress?: ((progress: unknown, value: T, index: number) => void) | undefined;
}

export const MAP_OPTIONS: readonly string[] = [
  'concurrency',
  'buffer',
  'ordered',
  'batch',
  'grace',
  'key',
  'onError',
  'timeout',
  'onProgress',
] satisfies (keyof MapOptions)[];
