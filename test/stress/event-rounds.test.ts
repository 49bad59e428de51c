import * as eventRounds from '../fixtures/stress/event-rounds.js';
import { battery } from '../support/actors/battery.js';

battery('Event', eventRounds);
