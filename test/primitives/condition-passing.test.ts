import { explores } from '../support/explorer/explores.js';
import { blocking, observable } from '../support/explorer/faces.js';
import { leaver, noneLost, notifier, waiter, waits } from '../support/explorer/waiters.js';

explores(
  'a notification is passed on by one who leaves, and is killed at any step of that',
  waits([leaver, waiter(observable), notifier(blocking, 1)], { victim: 0, preemptions: 0, atEnd: noneLost }),
);
