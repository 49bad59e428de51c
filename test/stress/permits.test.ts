import * as permits from '../fixtures/stress/permits.js';
import { battery } from '../support/actors/battery.js';

battery('Semaphore', permits);
battery('BoundedSemaphore', permits, { without: ['several'] });
