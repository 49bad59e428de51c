import { TimeoutError } from 'rxjs';

/** RxJS's TimeoutError, whose own message says neither what has waited nor for how long. */
export function timedOut(what: string, ms: number): TimeoutError {
  return Object.assign(new TimeoutError(), { message: `${what} ran into its timeout of ${ms} ms` });
}
