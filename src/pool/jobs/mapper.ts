import type { Observable } from 'rxjs';
import { ThreadError } from '../../errors.js';
import { checkOptions } from '../../primitives/options.js';
import type { Emitted, Target } from '../../primitives/target.js';
import type { JobPool } from '../thread/job-pool.js';
import { MAP_OPTIONS, type MapOptions } from '../thread/map-options.js';
import type { Pullable } from './pulling.js';

/** What `map` is made of, which stands in a room above this one. */
type Mapper = (
  iterable: Pullable<unknown>,
  target: Target<[unknown], unknown>,
  options: object,
) => Observable<unknown>;
let mapper: Mapper | undefined;

/** Called as threadMap loads. */
export function setMapper(made: Mapper): void {
  mapper = made;
}

/** `map` of a ThreadPool. @throws TypeError, RangeError, ThreadError as `threadMap` */
export function mapIn<T, R>(
  pool: JobPool,
  iterable: Pullable<T>,
  target: Target<[T], R>,
  options: MapOptions<T>,
): Observable<Emitted<R>> {
  if (mapper === undefined)
    throw new ThreadError(
      'a bundler has left out what ThreadPool.map is made of: pulled(iterable).pipe(threadMap(target, { pool })) is the same',
    );
  checkOptions(options, MAP_OPTIONS);
  const made = mapper(iterable, target as Target<[unknown], unknown>, { ...options, pool });
  return made as Observable<Emitted<R>>;
}
