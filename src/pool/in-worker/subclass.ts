import { ThreadError } from '../../errors.js';
import { importExport, type Runnable } from '../../primitives/target.js';
import { ExistingThread } from '../thread/existing-thread.js';
import { remember } from '../thread/local-threads.js';
import { Thread } from '../thread/thread.js';
import { decode } from '../wire/codec.js';
import type { PackedRun } from '../wire/messages.js';
import { prepareDecode } from './load-codecs.js';

/** Makes the instance of a subclass of Thread again, without calling its constructor a second time, and gives its `run`. */
export async function makeRun(packed: PackedRun, ident: number): Promise<Runnable> {
  const { module, className } = packed;
  const found = await importExport(module, className);
  if (typeof found !== 'function' || !(found.prototype instanceof Thread)) {
    throw new ThreadError(`export '${className}' of module '${module}' must be a subclass of Thread`, {
      code: 'ERR_THREAD_TARGET',
    });
  }
  await prepareDecode(packed.fields);
  return (...args) => {
    const thread = Reflect.construct(
      Thread,
      [new ExistingThread(ident, undefined, packed.target, args)],
      found,
    ) as Thread;
    Object.assign(thread, decode(packed.fields));
    remember(ident, thread);
    return thread.run();
  };
}
