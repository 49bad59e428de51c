import { Lock, RLock, Semaphore } from 'rxjs-threading';
import { checkEqual, interleave, row, scaled, timedSync } from '../harness.js';
import { hasPython, runPython } from '../python.js';

const BATCHES = scaled(300);
const BATCH = 1000;
const PAIRS = BATCHES * BATCH;
const cell = new Int32Array(new SharedArrayBuffer(64));
const lock = new Lock();
const rlock = new RLock();
const semaphore = new Semaphore(1);
const python = hasPython();

function bare() {
  for (let i = 0; i < BATCH; i++) {
    Atomics.compareExchange(cell, 0, 0, 1);
    Atomics.compareExchange(cell, 0, 1, 0);
  }
}

function locked() {
  for (let i = 0; i < BATCH; i++) {
    lock.acquireSync();
    lock.release();
  }
}

function rlocked() {
  for (let i = 0; i < BATCH; i++) {
    rlock.acquireSync();
    rlock.release();
  }
}

function permitted() {
  for (let i = 0; i < BATCH; i++) {
    semaphore.acquireSync();
    semaphore.release();
  }
}

function perPair(batch) {
  const took = timedSync(() => {
    for (let i = 0; i < BATCHES; i++) batch();
  });
  return took / PAIRS;
}

const medians = await interleave(
  {
    bare: () => perPair(bare),
    lock: () => perPair(locked),
    rlock: () => perPair(rlocked),
    semaphore: () => perPair(permitted),
    ...(python && { python: () => runPython('primitives/lock.py', PAIRS) / PAIRS }),
  },
  { rounds: 25 },
);

checkEqual('locked at the end', lock.locked() || rlock.locked(), false);
checkEqual('permits at the end', semaphore.value, 1);

const pair = ['a bare compare-exchange pair', medians.bare];
row('Lock: acquireSync + release, free', medians.lock, ...pair, 1.5);
if (python) row('the same', medians.lock, 'CPython Lock', medians.python, 0.4);
row('RLock: acquireSync + release, free', medians.rlock, ...pair, 2.5);
row('Semaphore: acquireSync + release, free', medians.semaphore, ...pair, 2.5);
