import { from, Observable } from 'rxjs';
import { checkPullable, type Pullable } from '../../pool/jobs/pulling.js';

/** See `pulled`. */
export class Pulled<T> extends Observable<T> {
  /** What a threadMap pulls. @internal */
  readonly pullable: Pullable<T>;

  constructor(pullable: Pullable<T>) {
    super((subscriber) => from(pullable).subscribe(subscriber));
    this.pullable = pullable;
  }
}

/**
 * `from(iterable)`, for a `threadMap` right behind it, which asks it for a value only when it has room for one: see the
 * `buffer` of its options. Nothing else can pull: for whoever else subscribes, and behind any other operator, it is what
 * `from` gives.
 *
 * Source: RxJS, `from`. Unsubscribing calls the iterator's `return`, so that a generator's `finally` runs.
 *
 * @throws TypeError unless it is an iterable or an async iterable
 * @example
 * function* naturals() {
 *   for (let n = 1; ; n++) yield n;
 * }
 * pulled(naturals())
 *   .pipe(threadMap((n: number) => n * n, { buffer: 100 }), take(2))
 *   .subscribe((square) => console.log(square)); // prints 1, then 4
 */
export function pulled<T>(iterable: Iterable<T> | AsyncIterable<T>): Observable<T> {
  checkPullable(iterable);
  return new Pulled(iterable);
}
