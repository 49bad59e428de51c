import { Observable } from 'rxjs';
import { CallerContext } from '../primitives/waiting/caller-context.js';

/**
 * The stream for any number of observers: each is told of its end in the async context in which it subscribed, and what its teardowns
 * throw then keeps neither the others from theirs nor whoever ends it from what follows.
 */
export function endsApart<T>(source: Observable<T>): Observable<T> {
  return new Observable((subscriber) => {
    const context = new CallerContext();
    return source.subscribe({
      next: (value) => subscriber.next(value),
      error: (error) => context.tell(() => subscriber.error(error)),
      complete: () => context.tell(() => subscriber.complete()),
    });
  });
}
