import * as stuckLoop from '../fixtures/stress/stuck-loop.js';
import { battery } from '../support/actors/battery.js';
import type { Mix } from '../support/actors/mixes.js';

const mixes: Mix[] = [
  {
    title: 'main',
    lead: { where: 'main', face: 'observable' },
    others: [{ where: 'worker', face: 'blocking' }],
  },
  {
    title: 'a worker',
    lead: { where: 'worker', face: 'promise' },
    others: [{ where: 'worker', face: 'blocking' }],
  },
];

const names = Object.keys(stuckLoop.cases);
const only = (name: string) => ({ mixes, without: names.filter((other) => other !== name) });

for (const type of ['Lock', 'RLock', 'Semaphore', 'Condition(Lock)']) {
  if (!type.startsWith('Condition')) battery(type, stuckLoop, only('acquire'));
  else battery(type, stuckLoop, only('notified'));
}
battery('Event', stuckLoop, only('set'));
battery('Barrier', stuckLoop, only('passed'));
