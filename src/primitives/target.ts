import { extname, isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Observable } from 'rxjs';
import { ThreadError } from '../errors.js';
import { compile, isClass, type Runnable, sourceOf } from './inline-function.js';
import { isThere } from './is-there.js';
import { show } from './options.js';
import { requireFrom } from './require-from.js';

export type { Runnable } from './inline-function.js';

/**
 * What a thread runs: a function without a closure (its source travels), or an export of a module.
 *
 * An inline function sees its arguments and the globals, nothing else; `await import()` in it resolves bare specifiers
 * and absolute URLs. A and R are its arguments and what it returns.
 */
export type Target<
  // biome-ignore lint/suspicious/noExplicitAny: any target at all, as the contract says
  A extends readonly unknown[] = readonly any[],
  R = unknown,
> = ((...args: [...A]) => R) | ModuleTarget<A, R>;

/** An export of a module, by name. `threadModule` makes these with their types. */
export interface ModuleTarget<
  // biome-ignore lint/suspicious/noExplicitAny: any target at all, as the contract says
  A extends readonly unknown[] = readonly any[],
  R = unknown,
> {
  /** A file:, data: or node: URL, an absolute path, or a bare specifier. */
  readonly module: string;
  /** The name it is exported under. */
  readonly export: string;
  /** Only a type. */
  readonly __signature?: ((...args: [...A]) => R) | undefined;
}

/** A target as it travels. */
export type PackedTarget = { readonly source: string } | { readonly module: string; readonly export: string };

/** @throws TypeError unless it is a target whose module can be found from any thread. */
export function checkTarget(target: unknown): asserts target is Target {
  packTarget(target);
}

/** The target's name, or its beginning; '' when it has none. */
export function describeTarget(target: Target): string {
  const name = typeof target === 'function' ? target.name : target.export;
  const characters = [...name];
  return characters.length > MOST_CHARACTERS ? `${characters.slice(0, MOST_CHARACTERS).join('')}…` : name;
}

/** Of a target's name within a thread's. */
const MOST_CHARACTERS = 60;

/** @throws TypeError when it cannot travel. */
export function packTarget(target: unknown): PackedTarget {
  if (typeof target === 'function') return { source: sourceOf(target as Runnable) };
  if (!isModuleTarget(target)) {
    throw new TypeError(`target must be a function or { module, export }, got ${show(target)}`);
  }
  return { module: checkModule(target.module), export: target.export };
}

function isModuleTarget(target: unknown): target is ModuleTarget {
  if (typeof target !== 'object' || target === null) return false;
  const { module, export: name } = target as Partial<ModuleTarget>;
  return typeof module === 'string' && typeof name === 'string';
}

/**
 * The module's specifier as every thread can import it.
 *
 * @throws TypeError for a path relative to nobody knows what, and for a file: URL that has none, as one of another host
 */
export function checkModule(module: string | URL): string {
  if (module instanceof URL) return checkFile(module.href);
  if (typeof module !== 'string')
    throw new TypeError(`module must be a string or a URL, got ${show(module)}`);
  if (isAbsolute(module)) return pathToFileURL(module).href;
  if (module.startsWith('.') || module === '') {
    throw new TypeError(
      `module must not be a relative path, got ${show(module)}: write new URL(${show(module)}, import.meta.url)`,
    );
  }
  const scheme = /^([a-z][a-z\d+.-]*:)/i.exec(module)?.[1]?.toLowerCase();
  if (scheme !== undefined && !['file:', 'data:', 'node:'].includes(scheme)) {
    throw new TypeError(
      `module must be a file:, data: or node: URL, an absolute path or a package, got ${show(module)}`,
    );
  }
  return checkFile(module);
}

function checkFile(module: string): string {
  try {
    if (/^file:/i.test(module)) fileURLToPath(module);
  } catch (cause) {
    throw new TypeError(`module must be the URL of a file of this machine, got ${show(module)}`, { cause });
  }
  return module;
}

// ─── modules ────────────────────────────────────────────────────────────────────────────────────

/** The function itself; at once when it came by source. @throws ThreadError, a missing module or export. */
export function unpackTarget(packed: PackedTarget): Runnable | Promise<Runnable> {
  if ('source' in packed) return compile(packed.source);
  return importTarget(packed.module, packed.export);
}

async function importTarget(module: string, name: string): Promise<Runnable> {
  return checkRunnable(await importExport(module, name), module, name);
}

/** An export of a module, whatever it is. @throws ThreadError naming both and what the module does export. */
export async function importExport(module: string, name: string): Promise<unknown> {
  return pick(await importModule(module), module, name);
}

/** A module's namespace. @throws ThreadError naming the module */
export async function importModule(module: string): Promise<object> {
  try {
    return await import(/* webpackIgnore: true */ module);
  } catch (cause) {
    if (isHooked(module, cause)) return requireModule(module);
    throw cannotLoad(module, cause);
  }
}

/** What Node says of a file that it cannot read; the last one is ts-node's, of what Node has stripped of its types. */
const UNREAD = [
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
  'TSError',
];

/** Whether `require` may read what `import()` does not: ts-node, swc-node and others hook into `require` alone. */
function isHooked(module: string, cause: unknown): boolean {
  const { code, name } = (cause ?? {}) as NodeJS.ErrnoException;
  if (!module.startsWith('file:') || !UNREAD.some((unread) => unread === code || unread === name))
    return false;
  const file = fileURLToPath(module);
  // Node reads .js itself: what it could not read is something that the file imports, or the file has thrown that, and has run.
  return extname(file) !== '.js' && extname(file) in requireFrom(file).extensions;
}

/** The same, without the event loop. */
function requireModule(module: string): object {
  try {
    return requireFrom(import.meta.url)(module.startsWith('file:') ? fileURLToPath(module) : module);
  } catch (cause) {
    throw cannotLoad(module, cause);
  }
}

/** The same, without the event loop. */
export function unpackTargetSync(packed: PackedTarget): Runnable {
  if ('source' in packed) return compile(packed.source);
  const { module, export: name } = packed;
  return checkRunnable(pick(requireModule(module), module, name), module, name);
}

function cannotLoad(module: string, cause: unknown): ThreadError {
  const why = cause instanceof Error ? cause.message : show(cause);
  const hint = module.startsWith('file:') ? hintOn(fileURLToPath(module), why) : '';
  return new ThreadError(`cannot load module '${module}': ${why}${hint}`, {
    code: 'ERR_THREAD_TARGET',
    cause,
  });
}

/** Of the file that a compiler makes of another, or the other way round. */
const SIBLINGS: Readonly<Record<string, string>> = {
  '.js': '.ts',
  '.mjs': '.mts',
  '.cjs': '.cts',
  '.ts': '.js',
  '.mts': '.mjs',
  '.cts': '.cjs',
};

/** What Node 22.18 loads, and an older one does not. */
const TYPED: readonly string[] = ['.ts', '.mts', '.cts'];

/** For the two mistakes with TypeScript: the wrong one of two files, and a Node that loads none. */
function hintOn(file: string, why: string): string {
  const ending = extname(file);
  const sibling = `${file.slice(0, -ending.length)}${SIBLINGS[ending]}`;
  const hasSibling = ending in SIBLINGS && isThere(sibling);
  if (!isThere(file)) return hasSibling ? `. There is ${sibling}: name that, if it is meant` : '';
  // Of a file of another ending, which this one imports, Node says the same.
  if (!TYPED.includes(ending) || !why.startsWith(`Unknown file extension "${ending}"`)) return '';
  const compiled = hasSibling ? `, ${sibling}` : '';
  return `. ${process.version} loads no TypeScript: name the compiled file${compiled}, or take Node 22.18 or later`;
}

function pick(namespace: unknown, module: string, name: string): unknown {
  for (const from of [namespace, (namespace as { default?: unknown }).default]) {
    if (from !== null && (typeof from === 'object' || typeof from === 'function') && name in from) {
      return (from as Record<string, unknown>)[name];
    }
  }
  const names = Object.keys(namespace as object).filter(
    (key) => key !== '__esModule' && key !== 'module.exports',
  );
  const has = names.length === 0 ? 'nothing' : names.join(', ');
  throw new ThreadError(`module '${module}' has no export '${name}'; it exports ${has}`, {
    code: 'ERR_THREAD_TARGET',
  });
}

function checkRunnable(value: unknown, module: string, name: string): Runnable {
  if (typeof value === 'function' && !isClass(Function.prototype.toString.call(value)))
    return value as Runnable;
  throw new ThreadError(`export '${name}' of module '${module}' must be a function, got ${show(value)}`, {
    code: 'ERR_THREAD_TARGET',
  });
}

/** The arguments of a target, then options: where the target needs none, they may be left out. */
export type RunParameters<A extends readonly unknown[], O> =
  | [args: readonly [...A], options?: O | undefined]
  | ([] extends A ? [args?: readonly [...A] | undefined, options?: O | undefined] : never);

/**
 * What a target that returns R gives: the values of an Observable, AsyncIterable or generator, else R itself; in either
 * case, what a promise of it comes to.
 */
export type Emitted<R> =
  Awaited<R> extends infer V
    ? V extends Observable<infer T>
      ? T
      : V extends AsyncIterable<infer T>
        ? T
        : V extends Generator<infer T, unknown, unknown>
          ? T
          : V
    : never;
