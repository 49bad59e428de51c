import * as barrier from '../../fixtures/lock-tests/barrier.js';
import { battery } from '../../support/actors/battery.js';

battery('Barrier', barrier);
