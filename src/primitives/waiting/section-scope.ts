import { AsyncLocalStorage } from 'node:async_hooks';
import { threadWide } from '../threads/thread-wide.js';

/**
 * The inside of a `withLock` section over an RLock, or over any lock while somebody looks at sections: code that runs in it,
 * also after an asynchronous hop, counts as the section's owner and as the owners of the sections around it.
 */
export class Scope {
  readonly owner: object;
  readonly #outer: Scope | undefined;

  /** @param owner - default: the scope itself */
  constructor(outer: Scope | undefined, owner?: object) {
    this.owner = owner ?? this;
    this.#outer = outer;
  }

  get outer(): Scope | undefined {
    return this.#outer;
  }

  countsAs(owner: object): boolean {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.#outer) {
      if (scope.owner === owner) return true;
    }
    return false;
  }
}

/** Made with the first scope, because on Node 20 every promise costs more once there is an AsyncLocalStorage in use. */
let storage: AsyncLocalStorage<Scope | undefined> | undefined;

/** The scope that the caller runs in; undefined: outside of all. */
export function currentScope(): Scope | undefined {
  return storage?.getStore();
}

/** Runs in a scope, or outside of all. */
export function runIn<T>(scope: Scope | undefined, run: () => T): T {
  if (scope === currentScope()) return run();
  storage ??= new AsyncLocalStorage();
  return storage.run(scope, run);
}

const numbers = new WeakMap<object, number>();
/** How many owners of sections have a number, of all copies of this library in the thread. */
const numbered = threadWide('sections', { count: 0 });

/** A number for the owner of sections, which no other owner in this thread has. */
export function sectionNumber(owner: object): number {
  const number = numbers.get(owner) ?? ++numbered.count;
  numbers.set(owner, number);
  return number;
}

/** The numbers of a scope and of those around it, innermost first. */
export function sectionsOf(scope: Scope | undefined): number[] {
  const sections: number[] = [];
  for (let at = scope; at !== undefined; at = at.outer) sections.push(sectionNumber(at.owner));
  return sections;
}
