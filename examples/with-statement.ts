// Python's `with` statement, for everything that can be acquired and released.
import { BoundedSemaphore, Condition, Lock, RLock, Semaphore } from 'rxjs-threading';

const primitives = [new Lock(), new RLock(), new Condition(), new Semaphore(), new BoundedSemaphore()];

for (const some of primitives) {
  const taken = (): boolean => ('value' in some ? some.value === 0 : some.locked());
  const tell = (how: string): void =>
    console.log(`${some.constructor.name}, ${how}: ${taken() ? 'acquired' : 'released'}`);

  {
    using _held = await some.hold();
    tell('using');
  }
  tell('after using');

  {
    await using _held = await some.hold();
    tell('await using');
  }
  tell('after await using');

  // Which is the same as:
  await some.acquire();
  try {
    tell('try');
  } finally {
    some.release();
  }
  tell('after finally');
}
