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

interface Code {
  readonly number: string;
  readonly captured: () => unknown[];
}

const CODE = Symbol('code');
const NO_VALUE = Symbol('no value yet');

/** A function value that is not of an instrumented module: how to see what it captured. */
export function seeable<F extends object>(value: F, number: string, captured: () => unknown[]): F {
  return Object.assign(value, { [CODE]: { number, captured } });
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

/**
 * Everything that can be reached from a value, as text: equal texts, equal graphs. A function counts by which one of its
 * module's it is and by what it captured.
 *
 * @param known - what counts by a number alone
 * @throws Error when there is something that cannot be seen into
 */
export function fingerprint(value: unknown, known: ReadonlyMap<object, number>): string {
  const met = new Map<object, number>();
  let text = '';
  const walk = (one: unknown): void => {
    if ((typeof one !== 'object' && typeof one !== 'function') || one === null) {
      text += typeof one === 'string' ? JSON.stringify(one) : String(one);
      return;
    }
    const number = met.get(one);
    if (number !== undefined) {
      text += `@${number}`;
      return;
    }
    met.set(one, met.size);
    const serial = known.get(one);
    if (serial !== undefined) text += `p${serial}`;
    else if (typeof one === 'function') walkFunction(one);
    else walkObject(one);
  };
  const walkFunction = (one: object): void => {
    const code = (one as { [CODE]?: Code })[CODE];
    if (code === undefined) throw new Error(`cannot see what this function captured: ${one}`);
    text += `${code.number}`;
    walk(code.captured());
  };
  const walkObject = (one: object): void => {
    if (one instanceof Error) {
      text += `${one}`;
      return;
    }
    if (one instanceof WeakSet || one instanceof WeakMap || one instanceof Promise) {
      text += 'weak';
      return;
    }
    if (one instanceof EventTarget) throw new Error('cannot see who listens to an EventTarget');
    text += `${one.constructor?.name}{`;
    if (Array.isArray(one) || one instanceof Map || one instanceof Set) {
      for (const entry of one) {
        walk(entry);
        text += ' ';
      }
    } else {
      for (const key of Object.keys(one)) {
        text += `${key}:`;
        walk((one as Record<string, unknown>)[key]);
        text += ' ';
      }
    }
    text += '}';
  };
  walk(value);
  return text;
}
