import * as boundedSemaphore from '../../fixtures/lock-tests/bounded-semaphore.js';
import { battery } from '../../support/actors/battery.js';

battery('BoundedSemaphore', boundedSemaphore);
