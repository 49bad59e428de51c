/** All that a program was told so far, in order: as the program is deterministic, that says where it is. */
export interface Told {
  readonly id: number;
  readonly more: Map<string, Told>;
}

/** Numbers what programs are told, so that the same story has the same number. */
export class Stories {
  readonly first: Told = { id: 0, more: new Map() };
  #count = 1;

  after(told: Told, event: string): Told {
    let next = told.more.get(event);
    if (next === undefined) {
      next = { id: this.#count++, more: new Map() };
      told.more.set(event, next);
    }
    return next;
  }
}

/** Stands between a program and the primitives, and hears what the program is told. */
export class Membrane {
  /** What the program made itself and handed over: as its numbers follow from what it was told, these say all of it. */
  readonly handedOver = new Map<object, number>();
  told: Told;
  readonly #stories: Stories;
  readonly #hides: (error: unknown) => boolean;
  readonly #proxies = new Map<object, unknown>();
  readonly #originals = new Map<unknown, object>();

  /** @param hides - whether the program is not to know of an error */
  constructor(stories: Stories, hides: (error: unknown) => boolean) {
    this.#stories = stories;
    this.told = stories.first;
    this.#hides = hides;
  }

  hears(event: string): void {
    this.told = this.#stories.after(this.told, event);
  }

  /** From the primitives to the program. */
  give<T>(value: T): T {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
      this.hears(String(value));
      return value;
    }
    // Words are but a place.
    if (Array.isArray(value) || 'base' in value) return value;
    let proxy = this.#proxies.get(value);
    if (proxy === undefined) {
      proxy = typeof value === 'function' ? this.#call(value, undefined) : this.#proxy(value);
      this.#proxies.set(value, proxy);
      this.#originals.set(proxy, value);
    }
    return proxy as T;
  }

  /** From the program to the primitives. */
  take(value: unknown): unknown {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
    const original = this.#originals.get(value);
    if (original !== undefined) return original;
    if ('base' in value) return value;
    if (!this.handedOver.has(value)) this.handedOver.set(value, this.handedOver.size);
    return value;
  }

  #proxy(target: object): object {
    return new Proxy(target, {
      get: (_, key) => {
        const value = Reflect.get(target, key, target);
        return typeof value === 'function' ? this.#call(value, target) : this.give(value);
      },
    });
  }

  #call(callee: object, on: object | undefined): object {
    return new Proxy(callee, {
      apply: (_, __, args) => this.#tells(() => Reflect.apply(callee as never, on, this.#taken(args))),
      construct: (_, args) => this.#tells(() => Reflect.construct(callee as never, this.#taken(args))),
    });
  }

  #taken(args: readonly unknown[]): unknown[] {
    return args.map((arg) => this.take(arg));
  }

  #tells<T>(call: () => T): T {
    let result: T;
    try {
      result = call();
    } catch (error) {
      if (!this.#hides(error)) this.hears(`${error}`);
      throw error;
    }
    return this.give(result);
  }
}
