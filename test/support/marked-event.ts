import type { Observable } from 'rxjs';
import { Event } from 'rxjs-threading';

/** An Event that follows marks of a diagram. s: it is set, c: cleared, b: both, one after the other. */
export function marked(marks: Observable<string>): Event {
  const event = new Event();
  marks.subscribe((mark) => {
    if (mark !== 'c') event.set();
    if (mark !== 's') event.clear();
  });
  return event;
}
