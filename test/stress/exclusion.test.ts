import * as exclusion from '../fixtures/stress/exclusion.js';
import { battery } from '../support/actors/battery.js';

battery('Lock', exclusion);
battery('RLock', exclusion, { ownThreads: true });
battery('Semaphore', exclusion);
battery('Condition(Lock)', exclusion);
