import { Mutex } from 'async-mutex';
import { Sema } from 'async-sema';
import { of } from 'rxjs';
import { Lock } from 'rxjs-threading';
import { checkEqual, interleave, row, scaled, timed, timedSync } from '../harness.js';

const BATCHES = scaled(100);
const BATCH = 1000;
const PAIRS = BATCHES * BATCH;
const lock = new Lock();
const sema = new Sema(1);
const mutex = new Mutex();

async function lockAwaited() {
  for (let i = 0; i < BATCH; i++) {
    await lock.acquire();
    lock.release();
  }
}

async function semaAwaited() {
  for (let i = 0; i < BATCH; i++) {
    await sema.acquire();
    sema.release();
  }
}

async function mutexAwaited() {
  for (let i = 0; i < BATCH; i++) {
    const release = await mutex.acquire();
    release();
  }
}

async function perAwaited(batch) {
  const took = await timed(async () => {
    for (let i = 0; i < BATCHES; i++) await batch();
  });
  return took / PAIRS;
}

let emitted = 0;

function lockSubscribed() {
  for (let i = 0; i < BATCH; i++) {
    lock.acquire().subscribe(() => {
      emitted++;
      lock.release();
    });
  }
}

function ofSubscribed() {
  for (let i = 0; i < BATCH; i++) {
    of(true).subscribe(() => {
      emitted++;
    });
  }
}

function perSubscribed(batch) {
  emitted = 0;
  const took = timedSync(() => {
    for (let i = 0; i < BATCHES; i++) batch();
  });
  checkEqual('emitted', emitted, PAIRS);
  return took / PAIRS;
}

// Each peer alone with ours: async-mutex leaves a collector at work that would run into another's round.
const withSema = await interleave(
  { ours: () => perAwaited(lockAwaited), sema: () => perAwaited(semaAwaited) },
  { rounds: 25 },
);
const withMutex = await interleave(
  { ours: () => perAwaited(lockAwaited), mutex: () => perAwaited(mutexAwaited) },
  { rounds: 9 },
);
const subscribed = await interleave(
  { ours: () => perSubscribed(lockSubscribed), of: () => perSubscribed(ofSubscribed) },
  { rounds: 25 },
);

checkEqual('locked at the end', lock.locked(), false);
row('await acquire() + release, free', withSema.ours, 'async-sema', withSema.sema, 3);
row('the same', withMutex.ours, 'async-mutex', withMutex.mutex, 0.25);
row('acquire() subscribed + release, free', subscribed.ours, 'of(true) subscribed', subscribed.of, 3);
