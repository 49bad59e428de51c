import { Observable } from 'rxjs';
import { type Acquirable, Held, Lock, Wait } from 'rxjs-threading';

/** An Acquirable that has nothing of ours but its shape: a queue in one thread, served inside `release`. */
export function foreignLock(): Acquirable & { readonly waiting: number } {
  const unused = new Lock();
  const queue: (() => void)[] = [];
  let taken = false;
  const release = () => {
    taken = false;
    queue.shift()?.();
  };
  const wait = new Observable<Held>((subscriber) => {
    const take = () => {
      taken = true;
      subscriber.next(new Held({ release }));
      if (!subscriber.closed) subscriber.complete();
    };
    if (!taken) return take();
    queue.push(take);
    return () => {
      const place = queue.indexOf(take);
      if (place >= 0) queue.splice(place, 1);
    };
  });
  return {
    get waiting() {
      return queue.length;
    },
    acquire: (options) => unused.acquire(options),
    holdSync: (options) => unused.holdSync(options),
    acquireSync: () => {
      if (taken) return false;
      taken = true;
      return true;
    },
    release,
    hold: () => new Wait((settle) => wait.subscribe({ next: (one) => settle.resolve(one) })),
  };
}
