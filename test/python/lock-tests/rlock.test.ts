import * as rlock from '../../fixtures/lock-tests/rlock.js';
import { battery } from '../../support/actors/battery.js';

battery('RLock', rlock, { ownThreads: true });

// A Condition has an RLock of its own and hands its methods out.
battery('Condition', rlock, {
  ownThreads: true,
  without: ['test_constructor_noargs', 'test_recursion_count', 'test__is_owned'],
});
