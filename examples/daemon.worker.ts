import { interval, map, type Observable, take, tap } from 'rxjs';
import { currentThread } from 'rxjs-threading';
import { seconds } from './pace.js';

export function running(times: number): Observable<number> {
  return interval(seconds(0.3)).pipe(
    map((tick) => tick + 1),
    take(times),
    tap((count) => console.log('Thread running', count, ' ', currentThread())),
  );
}
