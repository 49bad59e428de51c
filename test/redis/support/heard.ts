import { firstValueFrom, type Observable, timeout } from 'rxjs';
import { filter } from 'rxjs/operators';

/** Resolves once the stream emits what is looked for, now or later. */
export function heard<T>(stream: Observable<T>, wanted: (value: T) => boolean): Promise<T> {
  return firstValueFrom(stream.pipe(filter(wanted), timeout(10_000)));
}

/** Once the stream emits just that. */
export function says<T>(stream: Observable<T>, value: T): Promise<T> {
  return heard(stream, (said) => said === value);
}

/** What a promise has come to by the time it is looked at. */
export function outcomeOf<T>(promise: PromiseLike<T>): { readonly value?: T; readonly error?: unknown } {
  const outcome: { value?: T; error?: unknown } = {};
  promise.then(
    (value) => {
      outcome.value = value;
    },
    (error) => {
      outcome.error = error;
    },
  );
  return outcome;
}
