import { AsyncResource } from 'node:async_hooks';
import { apart } from './unheard.js';

/**
 * The async context of whoever made it: what every AsyncLocalStorage held there. Whatever ends a wait runs in a context of
 * its own, a releaser's or a port's, so a wait that is pending keeps its subscriber's and ends in that. Made only once a
 * wait is pending, because it costs a tenth of a microsecond.
 *
 * @example
 * const context = new CallerContext(); // as it becomes pending
 * context.tell(() => settle.resolve(value)); // as it ends
 */
export class CallerContext extends AsyncResource {
  constructor() {
    super('rxjs-threading');
  }

  run<T>(code: () => T): T {
    return this.runInAsyncScope(code);
  }

  /** Tells its user of something, such as the end of the wait; what that throws is told in this context, too: see `apart`. */
  tell(code: () => void): void {
    this.runInAsyncScope(apart, undefined, code);
  }
}
