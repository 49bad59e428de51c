import * as boundedBuffer from '../fixtures/stress/bounded-buffer.js';
import { battery } from '../support/actors/battery.js';

battery('Condition(Lock)', boundedBuffer);
battery('Condition', boundedBuffer, { ownThreads: true });
