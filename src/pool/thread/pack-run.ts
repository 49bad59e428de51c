import { ThreadError } from '../../errors.js';
import { show } from '../../primitives/options.js';
import { checkModule, type PackedTarget } from '../../primitives/target.js';
import { encode } from '../wire/codec.js';
import { explainUncloneable } from '../wire/explain-uncloneable.js';
import type { PackedRun } from '../wire/messages.js';

/**
 * A subclass's `run` for the worker: where the class is, and the fields of the instance. Functions and symbols stay
 * behind: they are code, which the class has.
 *
 * @throws ThreadError when the class does not say where it is; TypeError naming the field that cannot be cloned
 */
export function packRun(thread: object, target: PackedTarget | null): PackedRun {
  const { name, module } = thread.constructor as { readonly name: string; readonly module?: unknown };
  if (typeof module !== 'string') {
    throw new ThreadError(
      `class ${name} overrides run but does not say where a worker finds it: declare ` +
        `'static readonly module = import.meta.url' in it and export it there as '${name}', got ${show(module)}`,
      { code: 'ERR_THREAD_TARGET' },
    );
  }
  const fields = Object.fromEntries(
    Object.entries(thread).filter(([, value]) => typeof value !== 'function' && typeof value !== 'symbol'),
  );
  const found = explainUncloneable(encode(fields).value, 'this');
  if (found !== undefined) throw new TypeError(`a thread's fields must be cloneable: ${found}`);
  return { module: checkModule(module), className: name, fields: encode(fields), target };
}
