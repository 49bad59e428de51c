import { ThreadError } from '../../errors.js';
import { type PackedTarget, unpackTarget } from '../../primitives/target.js';
import { after } from '../../primitives/waiting/event-loop.js';
import { saidBy } from '../wire/value-kinds.js';
import { expectAll } from './leftovers.js';
import { setWorkerContext, workerContext } from './worker-context.js';

/** ms between two looks whether what was printed is out. */
const LOOK_EVERY = 5;
/** ms that the worker waits for that. */
const FLUSH_MS = 1000;

/** Runs the pool's `setup` before the first job. What it leaves running, such as a connection, is there to stay. */
export async function setUpWorker(setup: PackedTarget): Promise<void> {
  try {
    setWorkerContext(await (await unpackTarget(setup))());
  } catch (error) {
    throw explain('setup', error);
  }
  expectAll();
}

/** Runs the pool's `teardown` after the last job, and ends the worker once what was printed is out. */
export async function tearDownWorker(teardown: PackedTarget): Promise<void> {
  try {
    await (await unpackTarget(teardown))(workerContext());
  } catch (error) {
    throw explain('teardown', error);
  }
  let left = FLUSH_MS;
  const leave = (): void => {
    const isFlushing = process.stdout.writableLength + process.stderr.writableLength > 0;
    left -= LOOK_EVERY;
    if (isFlushing && left > 0) after(LOOK_EVERY, leave);
    else process.exit();
  };
  leave();
}

function explain(step: string, error: unknown): ThreadError {
  return new ThreadError(`${step} of a worker failed: ${saidBy(error)}`, { code: 'ERR_POOL', cause: error });
}
