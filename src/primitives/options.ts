import { inspect } from 'node:util';

/** The longest `timeout` accepted: 292 years in ms. Source: CPython, `threading.TIMEOUT_MAX`. */
export const TIMEOUT_MAX = 9_223_372_036_000;

/** How long a wait that blocks the thread may take. */
export interface WaitSyncOptions {
  /** Give up after this many ms; omitted: wait for ever; negative, NaN or above TIMEOUT_MAX: RangeError. */
  timeout?: number | undefined;
}

/** How long a wait may take, and what ends it early. */
export interface WaitOptions extends WaitSyncOptions {
  /** Aborting gives the place in the queue up and errors with `signal.reason`. */
  signal?: AbortSignal | undefined;
}

/** How an acquire that blocks the thread waits, if at all. */
export interface AcquireSyncOptions extends WaitSyncOptions {
  /** Default true. false: never wait. Together with `timeout`: RangeError. */
  blocking?: boolean | undefined;
}

/** How an acquire waits, if at all. */
export interface AcquireOptions extends AcquireSyncOptions, WaitOptions {}

/** What every primitive takes. */
export interface PrimitiveOptions {
  /** Shown by inspection, errors and monitors. Default: the class's name and a number, such as `Lock-3`. */
  name?: string | undefined;
}

/** A value as an error message shows it. */
export function show(value: unknown): string {
  try {
    return inspect(value, {
      depth: 1,
      maxStringLength: 80,
      maxArrayLength: 5,
      breakLength: Number.POSITIVE_INFINITY,
    });
  } catch {
    // Code of the value's own runs as it is shown.
    return `[${typeof value} that cannot be shown]`;
  }
}

/**
 * @param known - the names of all options there are; undefined: they are not looked at
 * @throws TypeError unless it is an object or left out, and for an option that is not known
 */
export function checkOptions(options: unknown, known?: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`options must be an object, got ${show(options)}`);
  if (known !== undefined) refuseUnknown(options, known);
}

/** An option that nobody heeds is a mistake of whoever wrote it. @throws TypeError */
export function refuseUnknown(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined)
      throw new TypeError(
        `there is no option ${name}: ${known.join(', ')} are known, got ${show({ [name]: value })}`,
      );
  }
}

/** ms, or Infinity when omitted. @throws TypeError, RangeError */
export function checkTimeout(timeout: unknown): number {
  if (timeout === undefined) return Number.POSITIVE_INFINITY;
  if (typeof timeout !== 'number')
    throw new TypeError(`timeout must be a number of ms, got ${show(timeout)}`);
  if (!(timeout >= 0)) throw new RangeError(`timeout must be 0 ms or more, got ${timeout}`);
  if (timeout > TIMEOUT_MAX)
    throw new RangeError(`timeout must be at most TIMEOUT_MAX (${TIMEOUT_MAX} ms), got ${timeout}`);
  return timeout;
}

/**
 * How long a wait that blocks its thread may take, in ms.
 *
 * @param omitted - when no `timeout` is given; default: for ever
 * @throws TypeError, RangeError
 */
export function checkWaitSync(options: WaitSyncOptions | undefined, omitted?: number): number {
  checkOptions(options);
  refuseSignal(options);
  return omitted !== undefined && options?.timeout === undefined ? omitted : checkTimeout(options?.timeout);
}

/** Nobody heeds one while the thread is blocked. @throws TypeError */
export function refuseSignal(options: WaitOptions | undefined): void {
  if (options?.signal === undefined) return;
  throw new TypeError(
    `a wait that blocks its thread takes no signal, as it hears of no abort; got ${show(options.signal)}`,
  );
}

/** How long an acquire may wait: 0 when it must not. @throws TypeError, RangeError */
export function checkAcquire(options: AcquireOptions | undefined): number {
  checkOptions(options);
  if (options?.blocking !== undefined && typeof options.blocking !== 'boolean') {
    throw new TypeError(`blocking must be a boolean, got ${show(options.blocking)}`);
  }
  const timeout = checkTimeout(options?.timeout);
  if (options?.blocking !== false) return timeout;
  if (options.timeout !== undefined) {
    throw new RangeError(`a wait with blocking: false takes no timeout, got ${options.timeout}`);
  }
  return 0;
}

/** @throws TypeError */
export function checkSignal(options: WaitOptions | undefined): AbortSignal | undefined {
  const signal = options?.signal;
  if (signal !== undefined && !isSignal(signal)) {
    throw new TypeError(`signal must be an AbortSignal, got ${show(signal)}`);
  }
  return signal;
}

/** Not by its class alone: the global one may be of another realm than the signal, as in a test environment with a DOM. */
function isSignal(signal: unknown): boolean {
  if (signal instanceof AbortSignal) return true;
  if (typeof signal !== 'object' || signal === null) return false;
  const { aborted, addEventListener, removeEventListener } = signal as Partial<AbortSignal>;
  return (
    typeof aborted === 'boolean' &&
    typeof addEventListener === 'function' &&
    typeof removeEventListener === 'function'
  );
}

/** @throws TypeError */
export function checkName(options: PrimitiveOptions | undefined): string | undefined {
  checkOptions(options);
  const name = options?.name;
  if (name !== undefined && typeof name !== 'string')
    throw new TypeError(`name must be a string, got ${show(name)}`);
  return name;
}

/** A whole number in [least, most]. @throws TypeError when no number, RangeError when out of range. */
export function checkCount(what: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw new TypeError(`${what} must be a number, got ${show(value)}`);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${what} must be a whole number from ${least} to ${most}, got ${value}`);
  }
  return value;
}

/**
 * ms; Infinity: for ever.
 *
 * @param omitted - what it is when left out; default: it may not be
 * @throws TypeError, RangeError naming the option
 */
export function checkMs(what: string, ms: unknown, omitted?: number): number {
  if (ms === undefined && omitted !== undefined) return omitted;
  if (typeof ms !== 'number') throw new TypeError(`${what} must be a number of ms, got ${show(ms)}`);
  if (!(ms >= 0)) throw new RangeError(`${what} must be 0 ms or more, got ${ms}`);
  return ms;
}
