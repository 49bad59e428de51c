/** What an instrumented module calls: see `instrument.ts`. */
export interface Hooks {
  /** A function value: which one of its module, and how to see what it captured. */
  $c<F extends object>(value: F, number: number | string, captured?: () => unknown[]): F;
  /** The module's own variables. */
  $m(see: () => unknown[], set: (values: unknown[]) => void, settable: string[], names: string[]): void;
  $push(): Frame;
  $pop(frame: Frame): void;
  /** A variable, which may have no value yet. */
  $t(variable: () => unknown): unknown;
}

/** A call under way: how to see the variables of its blocks, and what a `finally` will go on with. */
export interface Frame {
  [block: number]: () => unknown[];
  r?: unknown;
  x?: unknown;
}

export interface Code {
  readonly number: string;
  readonly captured: () => unknown[];
}

const NO_VALUE = Symbol('no value yet');

const CODE = Symbol('code');

/** A function value that is not of an instrumented module: how to see what it captured. */
export function seeable<F extends object>(value: F, number: string, captured: () => unknown[]): F {
  return Object.assign(value, { [CODE]: { number, captured } });
}

/** What a function value was registered with, if it was. */
export function codeOf(value: object): Code | undefined {
  return (value as { [CODE]?: Code })[CODE];
}

/** What one thread's copy of the modules remembers. */
export class Memory {
  /** Calls of the modules' code under way, outermost first. */
  readonly frames: Frame[] = [];
  readonly #modules: ModuleVariables[] = [];

  hooks(module: string): Hooks {
    const { frames } = this;
    return {
      $c(value, number, captured = () => []) {
        return seeable(value, `${module}:${number}`, captured);
      },
      $m: (see, set, settable, names) => {
        this.#modules.push(new ModuleVariables(see, set, settable, names));
      },
      $push() {
        const frame: Frame = {};
        frames.push(frame);
        return frame;
      },
      $pop() {
        frames.pop();
      },
      $t(variable) {
        try {
          return variable();
        } catch {
          return NO_VALUE;
        }
      },
    };
  }

  /** Back to what it was when the modules had been loaded. */
  reset(): void {
    this.frames.length = 0;
    for (const module of this.#modules) module.reset();
  }

  modules(): unknown[] {
    return this.#modules.map((module) => module.see());
  }
}

class ModuleVariables {
  readonly see: () => unknown[];
  readonly #set: (values: unknown[]) => void;
  readonly #settable: unknown[];
  readonly #contents: (() => void)[];

  constructor(
    see: () => unknown[],
    set: (values: unknown[]) => void,
    settable: readonly string[],
    names: readonly string[],
  ) {
    this.see = see;
    this.#set = set;
    const values = see();
    this.#settable = settable.map((name) => values[names.indexOf(name)]);
    this.#contents = values.flatMap(restorer);
  }

  reset(): void {
    this.#set(this.#settable);
    for (const restore of this.#contents) restore();
  }
}

function restorer(value: unknown): (() => void)[] {
  if (value instanceof Set || value instanceof Map) {
    const entries = [...value] as [unknown, unknown][];
    return [
      () => {
        if (value.size === 0 && entries.length === 0) return;
        value.clear();
        for (const entry of entries) {
          if (value instanceof Map) value.set(...entry);
          else value.add(entry);
        }
      },
    ];
  }
  if (!Array.isArray(value)) return [];
  const entries = [...value];
  return [() => void value.splice(0, value.length, ...entries)];
}
