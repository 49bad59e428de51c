// Histories written by hand, of what threads wait for each other at.
import type { Pages } from './locks.js';

const WAITS = `
      T1 acquire() 1 to 2 true
      T1 wait() 3 to 40 true
      T2 acquire() 4 to 5 true
      T2 wait() 6 to 41 true
      T3 acquire() 7 to 8 true`;

/** Two are told, T1 dies, T2 and T3 begin to wait, and T3 has the lock again while T2 waits for it. */
const TOLD_TO_THE_DEAD = `T3 notify(2) 9 to 10 true
      T1 died() 11 to its death
      T3 release() 12 to 13 true
      T2 acquire() 14 to 15 true
      T2 wait() 16 to its death
      T3 acquire() 17 to 18 true
      T3 wait() 19 to 20 true`;

export const CONDITION: Pages = {
  right: {
    'the first that waits is told first': `
      T1 acquire() 1 to 2 true
      T1 wait() 3 to 12 true
      T2 acquire() 4 to 5 true
      T2 wait() 6 to 20 true
      T3 acquire() 7 to 8 true
      T3 notify(1) 9 to 10 true
      T3 release() 11 to 13 true
      T1 notify(1) 14 to 15 true
      T1 release() 16 to 17 true`,
    'both are told at once, and have the lock one after the other': `${WAITS}
      T3 notify(100) 9 to 10 true
      T3 release() 11 to 12 true
      T1 release() 42 to 43 true`.replace('6 to 41', '6 to 45'),
    'nobody waits: it goes to nobody': `
      T1 acquire() 1 to 2 true
      T1 notify(1) 3 to 4 true
      T1 release() 5 to 6 true`,
    'one whose time is up has the lock again': `
      T1 acquire() 1 to 2 true
      T1 wait(1 ms) 3 to 4 false
      T2 acquire(now) 5 to 6 false`,
    'one that was told and left passes it on': `
      T1 acquire() 1 to 2 true
      T1 wait(to be left) 3 to 14 left 11
      T2 acquire() 4 to 5 true
      T2 wait() 6 to 20 true
      T3 acquire() 7 to 8 true
      T3 notify(1) 9 to 10 true
      T3 release() 12 to 13 true`,
    'one that was aborted has the lock again': `
      T1 acquire() 1 to 2 true
      T1 wait(to be left) 3 to 6 aborted 5
      T2 acquire(now) 7 to 8 false`,
    'what a dead one was told goes to the next': `
      T1 acquire() 1 to 2 true
      T1 wait() 3 to its death
      T2 acquire() 4 to 5 true
      T2 wait() 6 to 20 true
      T3 acquire() 7 to 8 true
      T3 notify(1) 9 to 10 true
      T1 died() 11 to its death
      T3 release() 12 to 13 true`,
    'what two dead ones were told goes to the next two, of whom the second has the lock first': `
      T1 acquire() 1 to 2 true
      T1 wait() 3 to its death
      T1 acquire() 4 to 5 true
      T1 wait() 6 to its death
      T3 acquire() 7 to 8 true
      ${TOLD_TO_THE_DEAD}`,
    'the dead are not told': `
      T1 acquire() 1 to 2 true
      T1 wait() 3 to its death
      T2 acquire() 4 to 5 true
      T2 wait() 6 to 20 true
      T1 died() 7 to its death
      T3 acquire() 8 to 9 true
      T3 notify(1) 10 to 11 true
      T3 release() 12 to 13 true`,
    'the owner died while it waited for the lock': `
      T1 acquire() 1 to 2 true
      T1 wait(1 ms) 3 to 20 ownerDied T2
      T2 acquire() 4 to 5 true
      T2 died() 6 to its death
      T3 acquire() 21 to 22 true`,
  },
  wrong: {
    'nobody told it': `
      T1 acquire() 1 to 2 true
      T1 wait() 3 to 4 true`,
    'one notification tells two': `${WAITS}
      T3 notify(1) 9 to 10 true
      T3 release() 11 to 12 true
      T1 release() 42 to 43 true`.replace('6 to 41', '6 to 45'),
    'the second is told first': `
      T1 acquire() 1 to 2 true
      T1 wait() 3 to 40 true
      T2 acquire() 4 to 5 true
      T2 wait() 6 to 14 true
      T3 acquire() 7 to 8 true
      T3 notify(1) 9 to 10 true
      T3 release() 11 to 12 true
      T2 notify(1) 15 to 16 true
      T2 release() 17 to 18 true`,
    'what one dead one was told goes to the second': `
      T1 acquire() 1 to 2 true
      T1 wait() 3 to its death
      T3 acquire() 7 to 8 true
      ${TOLD_TO_THE_DEAD}`,
    'told by who told before it began': `
      T3 acquire() 1 to 2 true
      T3 notify(1) 3 to 4 true
      T3 release() 5 to 6 true
      T1 acquire() 7 to 8 true
      T1 wait() 9 to 10 true`,
    'it comes back without the lock': `
      T1 acquire() 1 to 2 true
      T1 wait(1 ms) 3 to 6 false
      T2 acquire() 4 to 5 true`,
    'it does not let the lock go': `
      T1 acquire() 1 to 2 true
      T1 wait() 3 to 20 true
      T2 acquire(now) 8 to 9 false
      T3 acquire() 4 to 5 true
      T3 release() 6 to 7 true
      T3 acquire() 10 to 11 true
      T3 notify(1) 12 to 13 true
      T3 release() 14 to 15 true`,
    'one that was left keeps what it was told': `
      T1 acquire() 1 to 2 true
      T1 wait(to be left) 3 to 16 left 13
      T2 acquire() 4 to 5 true
      T2 wait(5 ms) 6 to 30 false
      T3 acquire() 7 to 8 true
      T3 notify(1) 9 to 10 true
      T3 release() 17 to 18 true`.replace('T2 wait(5 ms) 6 to 30 false', 'T2 wait(5 ms) 6 to 30 early'),
    'told though it holds nothing': `
      T3 notify(1) 1 to 2 true`,
    'waits though it holds nothing': `
      T1 wait(1 ms) 1 to 2 false`,
  },
};

export const BARRIER: { readonly plain: Pages; readonly action: Pages } = {
  plain: {
    right: {
      'two, by their order': `
        T1 wait() 1 to 4 0
        T2 wait() 2 to 3 1`,
      'a round after the other': `
        T1 wait() 1 to 4 0
        T2 wait() 2 to 3 1
        T2 wait() 5 to 8 0
        T3 wait() 6 to 7 1`,
      'the next round begins before the last has left': `
        T1 wait() 1 to 20 0
        T2 wait() 2 to 3 1
        T2 wait() 4 to 7 0
        T3 wait() 5 to 6 1`,
      'one that was left makes room': `
        T1 wait(to be left) 1 to 3 left 2
        T2 wait() 4 to 7 0
        T3 wait() 5 to 6 1`,
      'all who waited are refused, then it is whole': `
        T1 wait() 1 to 4 broken
        T2 reset() 2 to 3 true
        T1 wait() 5 to 8 0
        T2 wait() 6 to 7 1`,
      'broken until it is reset': `
        T2 abort() 1 to 2 true
        T1 wait() 3 to 4 broken
        T2 reset() 5 to 6 true
        T1 wait() 7 to 10 0
        T2 wait() 8 to 9 1`,
      'a timeout breaks it': `
        T1 wait(1 ms) 1 to 2 broken
        T2 wait() 3 to 4 broken`,
      'one that died makes room': `
        T1 wait() 1 to its death
        T1 died() 2 to its death
        T2 wait() 3 to 6 0
        T3 wait() 4 to 5 1`,
      'or had not died yet': `
        T1 wait() 1 to its death
        T1 died() 2 to its death
        T2 wait() 3 to 4 1`,
    },
    wrong: {
      alone: `
        T1 wait() 1 to 2 0`,
      'the same index twice': `
        T1 wait() 1 to 4 0
        T2 wait() 2 to 3 0`,
      'not by their order': `
        T1 wait() 1 to 6 1
        T2 wait(to be left) 3 to 5 left 4
        T3 wait() 7 to 8 0`,
      'let through before the other came': `
        T1 wait() 1 to 2 0
        T2 wait() 3 to 4 1`,
      'three of two': `
        T1 wait() 1 to 6 0
        T2 wait() 2 to 7 1
        T3 wait() 3 to 8 0`,
      'refused though it is whole': `
        T1 wait() 1 to 2 broken`,
      'whole though it is broken': `
        T2 abort() 1 to 2 true
        T1 wait() 3 to 6 0
        T2 wait() 4 to 5 1`,
      'one that was left counts': `
        T1 wait(to be left) 1 to 3 left 2
        T2 wait() 4 to 5 1`,
    },
  },
  action: {
    right: {
      'it runs in the last, before anybody leaves': `
        T1 wait() 1 to 8 0
        T2 wait() 2 to 9 1
        T2 begin action() 3 to 4 true
        T2 end action() 5 to 6 true`,
      'aborted meanwhile': `
        T1 wait() 1 to 8 broken
        T2 wait() 2 to 11 broken
        T2 begin action() 3 to 4 true
        T3 abort() 5 to 6 true
        T2 end action() 9 to 10 true`,
      'whoever comes meanwhile is of the next round': `
        T1 wait() 1 to 8 0
        T2 wait() 2 to 9 1
        T2 begin action() 3 to 4 true
        T3 wait() 5 to 24 0
        T2 end action() 6 to 7 true
        T1 wait() 10 to 23 1
        T1 begin action() 11 to 12 true
        T1 end action() 13 to 14 true`,
      'who leaves meanwhile takes the first index with it': `
        T1 wait(to be left) 1 to 6 left 5
        T2 wait() 2 to 11 1
        T2 begin action() 3 to 4 true
        T2 end action() 7 to 8 true`,
      'who runs it dies': `
        T1 wait() 1 to 9 broken
        T2 wait() 2 to its death
        T2 begin action() 3 to 4 true
        T2 died() 5 to its death
        T3 wait() 7 to 8 broken`,
    },
    wrong: {
      'it does not run': `
        T1 wait() 1 to 4 0
        T2 wait() 2 to 3 1`,
      'one leaves before its end': `
        T1 wait() 1 to 5 0
        T2 wait() 2 to 9 1
        T2 begin action() 3 to 4 true
        T2 end action() 6 to 7 true`,
      'it runs in the first': `
        T1 wait() 1 to 8 0
        T2 wait() 3 to 9 1
        T1 begin action() 4 to 5 true
        T1 end action() 6 to 7 true`,
      'it runs twice': `
        T1 wait() 1 to 18 0
        T2 wait() 2 to 19 1
        T2 begin action() 3 to 4 true
        T2 end action() 5 to 6 true
        T2 begin action() 7 to 8 true
        T2 end action() 9 to 10 true`,
      'it runs before all are here': `
        T2 begin action() 1 to 2 true
        T2 end action() 3 to 4 true
        T1 wait() 5 to 8 0
        T2 wait() 6 to 9 1`,
      'who runs it dies, and all are let through': `
        T1 wait() 1 to 9 0
        T2 wait() 2 to its death
        T2 begin action() 3 to 4 true
        T2 died() 5 to its death`,
    },
  },
};
