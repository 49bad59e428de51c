import * as event from '../../fixtures/lock-tests/event.js';
import { battery } from '../../support/actors/battery.js';

battery('Event', event);
