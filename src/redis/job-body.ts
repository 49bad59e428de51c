import { ThreadError } from '../errors.js';
import { isStream, isSubscribable, isThenable } from '../pool/in-worker/result-kind.js';
import { show } from '../primitives/options.js';
import type { Semaphore } from '../primitives/semaphore.js';
import { importModule, type Runnable } from '../primitives/target.js';
import { type JobInfo, jobInfo } from './job-context.js';

const modules = new Map<string, object>();

/**
 * What `serve` runs in a thread of its pool, for each job: an export of the module that it was given, and of no other.
 *
 * @param room - a permit for each value that the reader has room for; undefined: only the result is wanted
 */
export function runJob(
  module: string,
  name: string,
  args: readonly unknown[],
  info: JobInfo,
  room?: Semaphore,
): unknown {
  // The thread has an async context of its own, which ends with it: all that it calls finds the job there.
  jobInfo.enterWith(info);
  const known = modules.get(module);
  if (known !== undefined) return paced(call(known, module, name, args), room);
  return importModule(module).then((namespace) => {
    modules.set(module, namespace);
    return paced(call(namespace, module, name, args), room);
  });
}

/** @throws ThreadError for a name that the module does not export itself, such as `toString` or `__proto__` */
function call(namespace: object, module: string, name: string, args: readonly unknown[]): unknown {
  const target: unknown = Object.hasOwn(namespace, name) ? Reflect.get(namespace, name) : undefined;
  if (typeof target !== 'function')
    throw new ThreadError(
      `export '${name}' of module '${module}' must be a function, got ${show(target)}; it exports ${Object.keys(namespace).join(', ')}`,
      { code: 'ERR_THREAD_TARGET' },
    );
  return (target as Runnable)(...args);
}

/** A stream that is pulled waits while its reader has no room. One that pushes cannot. */
function paced(result: unknown, room: Semaphore | undefined): unknown {
  if (room === undefined) return result;
  if (isThenable(result)) return result.then((value) => paced(value, room));
  if (!isStream(result) || isSubscribable(result)) return result;
  return pull(result as AsyncIterable<unknown> | Iterable<unknown>, room);
}

async function* pull(source: AsyncIterable<unknown> | Iterable<unknown>, room: Semaphore): AsyncGenerator {
  for await (const value of source) {
    await room.acquire();
    yield value;
  }
}
