import * as walkingAway from '../fixtures/stress/walking-away.js';
import { battery } from '../support/actors/battery.js';
import { MIXES } from '../support/actors/mixes.js';

const onMain = MIXES.filter(({ title }) => title === 'Observables on main');
const inWorkers = MIXES.filter(({ title }) => title === 'Observables in workers');

for (const type of ['Lock', 'RLock', 'Semaphore', 'Condition(Lock)', 'Event', 'Barrier']) {
  battery(type, walkingAway, { mixes: onMain, ownThreads: true });
  battery(type, walkingAway, {
    mixes: inWorkers,
    ownThreads: true,
    without: ['oneByOne', 'aborted', 'expired'],
  });
}
