// Histories written by hand: for every rule of every model, one that keeps it and one that breaks it.

export interface Pages {
  readonly right: Readonly<Record<string, string>>;
  readonly wrong: Readonly<Record<string, string>>;
}

export const LOCK: Pages = {
  right: {
    'one after the other': `
      T1 acquire() 1 to 2 true
      T1 release() 3 to 4 true
      T2 acquire() 5 to 6 true`,
    'two at once, when the first may have given it back between': `
      T1 acquire() 1 to 2 true
      T2 acquire() 3 to 8 true
      T1 release() 4 to 9 true`,
    'refused while another has it': `
      T1 acquire() 1 to 2 true
      T2 acquire(now) 3 to 4 false
      T1 release() 5 to 6 true`,
    'a wait that gives up says nothing of who has it': `
      T2 acquire(5 ms) 1 to 4 false
      T1 acquire() 2 to 3 true`,
    'released by another than took it': `
      T1 acquire() 1 to 2 true
      T2 release() 3 to 4 true
      T3 acquire() 5 to 6 true`,
    'released twice, when somebody took it between': `
      T1 acquire() 1 to 2 true
      T1 release() 3 to 8 true
      T2 acquire() 4 to 7 true
      T3 release() 5 to 9 true
      T3 locked() 10 to 11 false`,
    'released while it may have been free': `
      T1 acquire() 1 to 4 true
      T2 release() 2 to 3 notLocked`,
  },
  wrong: {
    'two have it': `
      T1 acquire() 1 to 2 true
      T2 acquire() 3 to 4 true`,
    'two have it, of three at once': `
      T1 acquire() 1 to 6 true
      T2 acquire() 2 to 7 true
      T3 acquire() 3 to 8 true
      T1 release() 9 to 10 true`,
    'refused while nobody has it': `
      T1 acquire() 1 to 2 true
      T1 release() 3 to 4 true
      T2 acquire(now) 5 to 6 false`,
    'a release that fails though it is locked all the time': `
      T1 acquire() 1 to 2 true
      T2 release() 3 to 4 notLocked`,
    'a release of what is free': `
      T1 release() 1 to 2 true`,
    'read as free while it is locked': `
      T1 acquire() 1 to 2 true
      T2 locked() 3 to 4 false`,
    'the death of an owner who lives': `
      T1 acquire() 1 to 2 true
      T2 acquire() 3 to 4 ownerDied T1`,
    'it gave up too early': `
      T1 acquire() 1 to 2 true
      T2 acquire(5 ms) 3 to 4 early`,
    'an error that nobody knows': `
      T1 acquire() 1 to 2 unknown`,
  },
};

export const DEATHS: Pages = {
  right: {
    'one is told, then it is free': `
      T1 acquire() 1 to 2 true
      T1 died() 3 to its death
      T2 acquire() 4 to 5 ownerDied T1
      T3 acquire() 6 to 7 true`,
    'the dead may have taken it': `
      T1 acquire() 1 to its death
      T1 died() 2 to its death
      T2 acquire() 3 to 4 ownerDied T1`,
    'or not': `
      T1 acquire() 1 to its death
      T1 died() 2 to its death
      T2 acquire() 3 to 4 true`,
    'the dead may have given it back': `
      T1 acquire() 1 to 2 true
      T1 release() 3 to its death
      T1 died() 4 to its death
      T2 acquire() 5 to 6 true`,
    'its death is seen late': `
      T1 acquire() 1 to 2 true
      T1 died() 3 to its death
      T2 acquire(now) 4 to 5 false
      T2 acquire() 6 to 7 ownerDied T1`,
  },
  wrong: {
    'two are told': `
      T1 acquire() 1 to 2 true
      T1 died() 3 to its death
      T2 acquire() 4 to 5 ownerDied T1
      T3 acquire() 6 to 7 ownerDied T1`,
    'nobody is told, and it is free': `
      T1 acquire() 1 to 2 true
      T1 died() 3 to its death
      T2 acquire() 4 to 5 true`,
    'who is told has it': `
      T1 acquire() 1 to 2 true
      T1 died() 3 to its death
      T2 acquire() 4 to 5 ownerDied T1
      T3 acquire(now) 6 to 7 false`,
    'told before it died': `
      T1 acquire() 1 to 2 true
      T2 acquire() 3 to 4 ownerDied T1
      T1 died() 5 to its death`,
    'told of one that had nothing': `
      T1 acquire() 1 to 2 true
      T1 release() 3 to 4 true
      T1 died() 5 to its death
      T2 acquire() 6 to 7 ownerDied T1`,
    'told of another': `
      T1 acquire() 1 to 2 true
      T1 died() 3 to its death
      T2 acquire() 4 to 5 ownerDied T3`,
    'the dead take it after their death': `
      T1 acquire() 1 to its death
      T1 died() 2 to its death
      T2 acquire() 3 to 4 ownerDied T1
      T3 acquire() 5 to 6 true
      T3 release() 7 to 8 true
      T2 acquire(now) 9 to 10 false`,
  },
};

export const RLOCK: Pages = {
  right: {
    'taken again by its owner': `
      T1 acquire() 1 to 2 true
      T1 acquire() 3 to 4 true
      T1 release() 5 to 6 true
      T1 release() 7 to 8 true
      T2 acquire() 9 to 10 true`,
    'another is not its owner': `
      T1 acquire() 1 to 2 true
      T2 release() 3 to 4 notOwner`,
    'free once for each time': `
      T1 acquire() 1 to 2 true
      T1 acquire() 3 to 4 true
      T1 release() 5 to 6 true
      T2 acquire(now) 7 to 8 false`,
  },
  wrong: {
    'two have it': `
      T1 acquire() 1 to 2 true
      T2 acquire() 3 to 4 true`,
    'free too early': `
      T1 acquire() 1 to 2 true
      T1 acquire() 3 to 4 true
      T1 release() 5 to 6 true
      T2 acquire() 7 to 8 true`,
    'its owner is refused': `
      T1 acquire() 1 to 2 true
      T1 acquire(now) 3 to 4 false`,
    'released by another': `
      T1 acquire() 1 to 2 true
      T2 release() 3 to 4 true`,
    'released by its owner in vain': `
      T1 acquire() 1 to 2 true
      T1 release() 3 to 4 notOwner`,
  },
};

export const SEMAPHORE: Pages = {
  right: {
    'as many as there are': `
      T1 acquire() 1 to 2 true
      T2 acquire() 3 to 4 true
      T3 acquire(now) 5 to 6 false
      T3 value() 7 to 8 0`,
    'a release of two is one step': `
      T1 acquire() 1 to 2 true
      T2 acquire() 3 to 4 true
      T1 release(2) 5 to 8 true
      T3 value() 6 to 7 2`,
    'one too many is refused, and changes nothing': `
      T1 acquire() 1 to 2 true
      T1 release(2) 3 to 4 rangeError
      T1 value() 5 to 6 1`,
    'those of the dead are gone': `
      T1 acquire() 1 to 2 true
      T1 died() 3 to its death
      T2 value() 4 to 5 1`,
  },
  wrong: {
    'one more than there are': `
      T1 acquire() 1 to 2 true
      T2 acquire() 3 to 4 true
      T3 acquire() 5 to 6 true`,
    'refused while one is left': `
      T1 acquire() 1 to 2 true
      T3 acquire(now) 3 to 4 false`,
    'a release of two, seen half done': `
      T1 acquire() 1 to 2 true
      T2 acquire() 3 to 4 true
      T1 release(2) 5 to 10 true
      T3 value() 6 to 7 1`,
    'past its bound': `
      T1 acquire() 1 to 2 true
      T1 release(2) 3 to 4 true`,
    'refused below its bound': `
      T1 acquire() 1 to 2 true
      T1 release(1) 3 to 4 rangeError`,
    'those of the dead come back': `
      T1 acquire() 1 to 2 true
      T1 died() 3 to its death
      T2 value() 4 to 5 2`,
  },
};

export const EVENT: Pages = {
  right: {
    'free by a set that is cleared at once': `
      T1 wait() 1 to 8 true
      T2 set() 2 to 3 true
      T2 clear() 4 to 5 true
      T2 isSet() 6 to 7 false`,
    'it is set already': `
      T2 set() 1 to 2 true
      T1 wait() 3 to 4 true`,
    'it gives up before the set': `
      T1 wait(5 ms) 1 to 4 false
      T2 set() 2 to 3 true`,
  },
  wrong: {
    'free though it was never set': `
      T1 wait() 1 to 2 true`,
    'free by a set that was over before': `
      T2 set() 1 to 2 true
      T2 clear() 3 to 4 true
      T1 wait() 5 to 6 true`,
    'it gives up though it was set all the time': `
      T2 set() 1 to 2 true
      T1 wait(5 ms) 3 to 4 false`,
    'read as unset while it is set': `
      T2 set() 1 to 2 true
      T1 isSet() 3 to 4 false`,
    'it gave up too early': `
      T1 wait(5 ms) 1 to 2 early`,
  },
};
