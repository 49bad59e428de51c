import { Observable, type Observer, type Subscription } from 'rxjs';

/**
 * Subscribes `observer` for as long as `owner` lives. Unlike a plain `subscribe`, a source that emits endlessly while it
 * is being subscribed to is cut when `owner` ends. `ended` runs last, when the source has been torn down, however.
 */
export function attach<T>(
  source: Observable<T>,
  owner: Subscription,
  observer: Observer<T>,
  ended?: () => void,
): void {
  new Observable<T>((subscriber) => {
    owner.add(subscriber);
    if (!subscriber.closed) source.subscribe(subscriber);
    if (ended !== undefined) subscriber.add(ended);
  }).subscribe(observer);
}
