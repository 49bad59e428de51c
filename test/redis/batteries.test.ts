// The batteries of the local primitives, which are CPython's, bound to remote ones wherever these are to do the same: the lead of
// a case has the thing by one session, the others by another.
import { describe, it } from 'vitest';
import * as barrier from '../fixtures/lock-tests/barrier.js';
import * as event from '../fixtures/lock-tests/event.js';
import * as lock from '../fixtures/lock-tests/lock.js';
import * as rlock from '../fixtures/lock-tests/rlock.js';
import * as semaphore from '../fixtures/lock-tests/semaphore.js';
import {
  barrierAt,
  eventAt,
  lockAt,
  type Make,
  playRemotely,
  rlockAt,
  semaphoreAt,
} from './support/as-local.js';
import { inEachPlace } from './support/places.js';

/** Of what they are made of, how they are shown, and when the collector has them. */
const OF_OBJECTS = [
  'test_constructor',
  'test_constructor_noargs',
  'test_repr',
  'test_repr_count',
  'test_locked_repr',
  'test_acquire_destroy',
  'test_thread_leak',
  'test_weakref_exists',
  'test_weakref_deleted',
];
interface Bound {
  readonly type: string;
  readonly battery: { readonly module: string; readonly cases: Readonly<Record<string, { title: string }>> };
  readonly make: Make;
  /** Cases of which the contract says something else, or that ask for what only a local one has. */
  readonly without: readonly string[];
  /** Those that need an owner beside the lead's session, as a RemoteRLock's owner is a process. */
  readonly apart?: readonly string[];
}
const BOUND: readonly Bound[] = [
  {
    type: 'RemoteLock',
    battery: lock,
    make: lockAt,
    // What another process has cannot be released.
    without: ['test_reacquire', 'test_different_thread', 'test_release_unlocked'],
  },
  {
    type: 'RemoteRLock',
    battery: rlock,
    make: rlockAt,
    // Its `count` is this process's, its owner no thread, and a condition's wait takes what is held.
    without: ['test_recursion_count', 'test__is_owned', 'test_release_save_unacquired'],
    apart: [
      'test_try_acquire_contended',
      'test_acquire_contended',
      'test_timeout',
      'test_locked_with_2threads',
      'test_different_thread',
    ],
  },
  {
    type: 'RemoteSemaphore',
    battery: semaphore,
    make: semaphoreAt,
    // Nobody gives back more than he has.
    without: ['test_acquire_contended', 'test_multirelease', 'test_release_unacquired'],
  },
  { type: 'RemoteEvent', battery: event, make: eventAt, without: [] },
  {
    type: 'RemoteBarrier',
    battery: barrier,
    make: barrierAt,
    // Its action is a function of the process.
    without: ['test_action'],
  },
];

inEachPlace((place) => {
  describe.each(BOUND)('$type', ({ battery: { module, cases }, make, without, apart = [] }) => {
    for (const [name, { title }] of Object.entries(cases)) {
      if (OF_OBJECTS.includes(name) || without.includes(name)) continue;
      if (!place.apart && apart.includes(name)) continue;
      for (const face of ['observable', 'promise'] as const)
        it(`${title} (${name}), ${face}`, () => playRemotely(place, { module, name, make, face }));
    }
  });
});
