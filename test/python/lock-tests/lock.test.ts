import * as lock from '../../fixtures/lock-tests/lock.js';
import { battery } from '../../support/actors/battery.js';

battery('Lock', lock);
