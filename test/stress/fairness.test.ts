import * as fairness from '../fixtures/stress/fairness.js';
import { battery } from '../support/actors/battery.js';
import type { Mix } from '../support/actors/mixes.js';

const mixes: Mix[] = [
  {
    title: 'on main among blocking workers',
    lead: { where: 'main', face: 'observable' },
    others: [{ where: 'worker', face: 'blocking' }],
  },
  {
    title: 'on main among Observables in workers',
    lead: { where: 'main', face: 'promise' },
    others: [{ where: 'worker', face: 'observable' }],
  },
  {
    title: 'blocked in a worker among both',
    lead: { where: 'worker', face: 'blocking' },
    others: [
      { where: 'worker', face: 'blocking' },
      { where: 'worker', face: 'observable' },
    ],
  },
];

for (const type of ['Lock', 'RLock', 'Semaphore']) battery(type, fairness, { mixes });
