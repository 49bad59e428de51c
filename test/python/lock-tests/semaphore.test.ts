import * as semaphore from '../../fixtures/lock-tests/semaphore.js';
import { battery } from '../../support/actors/battery.js';

battery('Semaphore', semaphore);
