import * as notifyOrder from '../fixtures/stress/notify-order.js';
import * as order from '../fixtures/stress/order.js';
import { battery } from '../support/actors/battery.js';
import { MIXES } from '../support/actors/mixes.js';

// A blocked thread has one waiter at most.
const mixes = MIXES.filter(({ lead }) => lead.face !== 'blocking');

for (const type of ['Lock', 'RLock', 'Semaphore']) battery(type, order, { mixes, ownThreads: true });

battery('Condition(Lock)', notifyOrder);
battery('Condition', notifyOrder, { ownThreads: true });
