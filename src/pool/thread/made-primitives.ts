import { setAnnouncer } from '../../primitives/announcer.js';
import { type AnyPrimitive, toHandle } from '../../primitives/handle.js';
import { Topic } from '../wire/bus.js';

const made: Topic<object> = new Topic('made');
let hearHere: ((handle: object) => void) | undefined;

/** From now on called with the handle of each primitive that any thread makes or receives while somebody looks. */
export function listenMade(heard: (handle: object) => void): void {
  hearHere = heard;
  made.listen(heard);
}

setAnnouncer((primitive) => {
  let handle: object;
  try {
    handle = toHandle(primitive as AnyPrimitive);
  } catch (error) {
    // A Barrier with an action that cannot travel stays where it was made: no monitor can have it.
    if (error instanceof TypeError) return;
    throw error;
  }
  // A topic does not tell the thread that publishes.
  hearHere?.(handle);
  made.publish(handle);
});
