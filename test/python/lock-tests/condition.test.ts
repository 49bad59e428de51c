import * as condition from '../../fixtures/lock-tests/condition.js';
import { battery } from '../../support/actors/battery.js';

// Over an RLock, which a thread owns.
battery('Condition', condition, { ownThreads: true });

battery('Condition(Lock)', condition);
