import { interval, map, type Observable, take, tap } from 'rxjs';
import { currentThread } from 'rxjs-threading';
import { seconds } from './pace.js';

/** Its values go to the thread's `output$`; what it prints, to the console. */
export function running(): Observable<number> {
  return interval(seconds(1)).pipe(
    map((tick) => tick + 1),
    take(3),
    tap((count) => console.log('Thread running', count, ' ', currentThread())),
  );
}
