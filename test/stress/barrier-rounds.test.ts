import * as barrierRounds from '../fixtures/stress/barrier-rounds.js';
import { battery } from '../support/actors/battery.js';
import { MIXES } from '../support/actors/mixes.js';

// A blocking wait is left by its timeout, and that breaks the barrier for all.
const withoutTimeouts = (title: string) => title !== 'blocking in workers' && title !== 'mixed';

battery('Barrier', barrierRounds, { without: ['withdrawing'] });
battery('Barrier', barrierRounds, {
  without: ['rounds'],
  mixes: MIXES.filter(({ title }) => withoutTimeouts(title)),
});
