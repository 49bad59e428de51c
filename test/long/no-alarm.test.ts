import { expect, it } from 'vitest';
import { tried } from '../support/long/tried.js';
import { expectNoAlarm, ORDERED } from '../support/monitor/no-alarm.js';

it.for(ORDERED)(
  'no deadlock is found in 1,000,000 ordered acquisitions over %s',
  async ([, make], context) => {
    const looks = await expectNoAlarm(make, 1_000_000);
    expect(looks).toBeGreaterThan(0);
    tried(context, 'looks', looks);
  },
);
