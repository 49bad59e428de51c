// What the machine gives: locks, gates and barriers of nothing but compare-exchange, wait and notify, with no owner,
// no queue and no care for the dead. What the library is measured against.

const FREE = 0;
const HELD = 1;
const CONTENDED = 2;

/** Drepper's mutex, on one word. */
export class FutexLock {
  constructor(cells, at) {
    this.cells = cells;
    this.at = at;
  }

  acquire() {
    const { cells, at } = this;
    if (Atomics.compareExchange(cells, at, FREE, HELD) === FREE) return;
    while (Atomics.exchange(cells, at, CONTENDED) !== FREE) Atomics.wait(cells, at, CONTENDED);
  }

  release() {
    const { cells, at } = this;
    if (Atomics.exchange(cells, at, FREE) === CONTENDED) Atomics.notify(cells, at, 1);
  }
}

/** A count and a generation. */
export class FutexBarrier {
  constructor(cells, at, parties) {
    this.cells = cells;
    this.at = at;
    this.parties = parties;
  }

  wait() {
    const { cells, at, parties } = this;
    const generation = Atomics.load(cells, at + 1);
    if (Atomics.add(cells, at, 1) === parties - 1) {
      Atomics.store(cells, at, 0);
      Atomics.add(cells, at + 1, 1);
      Atomics.notify(cells, at + 1);
      return;
    }
    while (Atomics.load(cells, at + 1) === generation) Atomics.wait(cells, at + 1, generation);
  }
}
