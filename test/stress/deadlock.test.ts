import * as deadlock from '../fixtures/stress/deadlock.js';
import { battery } from '../support/actors/battery.js';

battery('Lock', deadlock, { ownThreads: true });
