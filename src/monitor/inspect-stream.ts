import nodeTimers from 'node:timers';
import { Observable } from 'rxjs';
import { eventsEnd } from '../primitives/threads/events.js';
import { poolFacts } from '../primitives/threads/pool-records.js';
import { isDoubtful } from './deadlock-look.js';
import { inspect } from './inspect.js';
import { namespacesSeen } from './inspect-namespaces.js';
import { checkInspect } from './inspect-options.js';
import { startLooking } from './looking.js';
import { answersHeard, askAll, askedAgo } from './loop-answers.js';
import { mayStarve } from './starvation.js';
import type { Inspection, InspectOptions } from './types.js';

// Taken as the library loads, because tests that mock time replace them later.
const { clearInterval, setInterval } = nodeTimers;

/** Ten moments a second at most, and one at least. */
const LOOK_EVERY = 100;
const AT_LEAST_EVERY = 10;
/** ms between two questions to the event loops while their answers may settle a doubt. */
const ASK_AGAIN_AFTER = 200;

/**
 * A moment now, and one after every change, ten a second at most and one a second at least. Never completes. Does not keep
 * the process alive. Unsubscribing ends the counting, unless somebody else looks. Python has no such thing.
 *
 * @throws TypeError for bad options
 * @example
 * const moments = inspect$().pipe(map(({ threads }) => threads.length));
 * console.log(await firstValueFrom(moments)); // prints 1
 */
export function inspect$(options: InspectOptions = {}): Observable<Inspection> {
  const { detail } = checkInspect(options);
  return new Observable((subscriber) => {
    const stopLooking = startLooking(detail);
    const changes = new Changes();
    let quiet = 0;
    subscriber.next(inspect(options));
    const timer = setInterval(() => {
      quiet++;
      const doubtful = isDoubtful() || mayStarve();
      if (doubtful && askedAgo() >= ASK_AGAIN_AFTER) askAll();
      if (!changes.came() && !doubtful && quiet < AT_LEAST_EVERY) return;
      quiet = 0;
      subscriber.next(inspect(options));
    }, LOOK_EVERY).unref();
    return () => {
      clearInterval(timer);
      stopLooking();
    };
  });
}

/** Whether anything has changed that a moment shows, as far as that is cheap to know. */
class Changes {
  #events = eventsEnd();
  #jobs = jobs();
  #namespaces = namespacesSeen();
  #answers = answersHeard();

  /** Since it was last asked. */
  came(): boolean {
    const [events, before, seen, answers] = [this.#events, this.#jobs, this.#namespaces, this.#answers];
    this.#events = eventsEnd();
    this.#jobs = jobs();
    this.#namespaces = namespacesSeen();
    this.#answers = answersHeard();
    return (
      this.#events !== events ||
      this.#jobs !== before ||
      this.#namespaces !== seen ||
      this.#answers !== answers
    );
  }
}

/** Changes whenever a pool has taken, begun or ended a job. */
function jobs(): string {
  return poolFacts()
    .map(({ id, busy, queued, completed, failed, cancelled }) => [
      id,
      busy,
      queued,
      completed,
      failed,
      cancelled,
    ])
    .join(';');
}
