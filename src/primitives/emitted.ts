import type { Observable } from 'rxjs';

/** What a target that returns R emits: a promise of a stream streams as well. */
export type Emitted<R> =
  Awaited<R> extends infer V
    ? V extends Observable<infer T>
      ? T
      : V extends AsyncIterable<infer T>
        ? T
        : V extends Generator<infer T, unknown, unknown>
          ? T
          : V
    : never;
