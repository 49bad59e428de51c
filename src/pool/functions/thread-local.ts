import { brand } from '../../primitives/brand.js';
import { show } from '../../primitives/options.js';
import { getIdent } from '../../primitives/threads/current-ident.js';
import { uncloneable } from '../../primitives/uncloneable.js';
import { refuseToTravel } from '../wire/codec.js';

const STAYS =
  "a ThreadLocal cannot be sent to a thread, its value is this thread's own: make it in a module that both import";
const UNCLONEABLE = uncloneable(STAYS);

/** Stands for the thread that runs in this worker: values hang on it weakly, so they go when the next thread comes. */
let token: object = {};
/** Ident of the thread that `token` stands for. */
let owner = 0;

function currentToken(): object {
  const ident = getIdent();
  if (ident !== owner) {
    owner = ident;
    token = {};
  }
  return token;
}

/**
 * A value of its own in every thread: not in every worker, which one thread after another uses. It goes with the
 * thread, or with the ThreadLocal, whichever goes first.
 *
 * Python's `threading.local` has attributes and runs `__init__` in each thread; here there is one value, which `initial`
 * makes. It is not an AsyncLocalStorage: all that runs in a thread sees the same value. It cannot be sent to a thread (a
 * TypeError): make it in a module that both import. Source: CPython, `threading.local`.
 *
 * @param initial - makes the value in a thread that reads it before setting it; without one, T must take undefined
 * @throws TypeError when `initial` is no function
 * @example
 * const requests = new ThreadLocal(() => 0);
 * requests.value += 1;
 * console.log(requests.value); // prints 1
 */
export class ThreadLocal<T = unknown> {
  /** See uncloneable.ts. @internal */
  readonly uncloneable: symbol = UNCLONEABLE;
  readonly #initial: (() => T) | undefined;
  readonly #values = new WeakMap<object, { value: T }>();

  constructor(...[initial]: undefined extends T ? [initial?: (() => T) | undefined] : [initial: () => T]) {
    if (initial !== undefined && typeof initial !== 'function') {
      throw new TypeError(`initial must be a function, got ${show(initial)}`);
    }
    this.#initial = initial;
  }

  /** The current thread's value: what `initial` makes, until it is set. @throws what `initial` throws */
  get value(): T {
    const thread = currentToken();
    const known = this.#values.get(thread);
    if (known !== undefined) return known.value;
    // Without `initial`, undefined is a T.
    const value = this.#initial?.() as T;
    this.#values.set(thread, { value });
    return value;
  }

  set value(value: T) {
    this.#values.set(currentToken(), { value });
  }
}

brand(ThreadLocal, 'ThreadLocal');
refuseToTravel('thread-local', (value) => value instanceof ThreadLocal, STAYS);
