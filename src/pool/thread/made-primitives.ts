import { setAnnouncer } from '../../primitives/announcer.js';
import { type AnyPrimitive, toHandle } from '../../primitives/handle.js';
import { Topic } from '../wire/bus.js';

/** Handles of the primitives that threads make or receive while somebody looks, for monitors to listen to. */
export const made: Topic<object> = new Topic('made');

setAnnouncer((primitive) => {
  let handle: object;
  try {
    handle = toHandle(primitive as AnyPrimitive);
  } catch (error) {
    // A Barrier with an action that cannot travel stays where it was made: no monitor can have it.
    if (error instanceof TypeError) return;
    throw error;
  }
  made.publish(handle);
});
