import type { Observable } from 'rxjs';

/** What a target that returns R emits. */
export type Emitted<R> =
  R extends Observable<infer T>
    ? T
    : R extends AsyncIterable<infer T>
      ? T
      : R extends Generator<infer T, unknown, unknown>
        ? T
        : Awaited<R>;
