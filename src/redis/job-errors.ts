import {
  addErrorKind,
  type ErrorParts,
  packOwn,
  putTogether,
  takeApart,
  unpackOwn,
} from '../pool/wire/error-parts.js';
import { isError } from '../pool/wire/value-kinds.js';
import { show } from '../primitives/options.js';
import { EngineError, JobLostError, LockLostError } from './errors.js';
import { jsonLoss, MOST_BYTES } from './job-codec.js';

/** What was thrown, as it stands in JSON: an error, or a value. */
type Thrown = { readonly error: ErrorParts } | { readonly value: unknown };

addErrorKind('JobLostError', (message) => new JobLostError(message));
addErrorKind('LockLostError', (message) => new LockLostError(message));
addErrorKind('EngineError', (message) => new EngineError(message));

/** Causes of causes that travel. */
const MOST_CAUSES = 4;
/** UTF-16 units that are shown of an error that is too large. */
const SHOWN = 200;

/** What a target has thrown, as text: its class's name, message, code, stack, cause, and what else of its own JSON has room for. */
export function packJobError(thrown: unknown): string {
  return JSON.stringify(takeThrown(thrown, 0) ?? { value: show(thrown) });
}

/** What a target has thrown, for who waits for the job, and for BullMQ. It has no more room than a result. */
export function packFailure(thrown: unknown): { readonly failure: string; readonly error: Error } {
  const text = packJobError(thrown);
  const tooLarge = text.length > MOST_BYTES / 3 ? Buffer.byteLength(text) : 0;
  const error = isError(thrown) ? thrown : new Error(show(thrown));
  if (tooLarge <= MOST_BYTES) return { failure: text, error };
  const instead = new RangeError(
    `what was thrown must be at most ${MOST_BYTES} bytes, encoded, got ${tooLarge}: ${`${error}`.slice(0, SHOWN)}`,
  );
  return { failure: packJobError(instead), error: instead };
}

function takeThrown(thrown: unknown, depth: number): Thrown | undefined {
  if (!isError(thrown)) return jsonLoss(thrown) === undefined ? { value: thrown } : undefined;
  if (depth === MOST_CAUSES) return undefined;
  const error = takeApart(thrown);
  packOwn(thrown, error, (value) => takeThrown(value, depth + 1));
  return { error };
}

export function unpackJobError(text: string): unknown {
  return putThrown(JSON.parse(text));
}

function putThrown(thrown: unknown): unknown {
  // packOwn has shown what cannot travel as it is.
  if (typeof thrown !== 'object' || thrown === null) return thrown;
  if (!('error' in thrown)) return (thrown as { value?: unknown }).value;
  const parts = thrown.error as ErrorParts;
  const error = putTogether(parts);
  unpackOwn(error, parts, putThrown);
  return error;
}

/** The name and the message of what was packed, for lists. */
export function nameJobError(text: string): { readonly name: string; readonly message: string } {
  const thrown = unpackJobError(text);
  return isError(thrown)
    ? { name: thrown.name, message: thrown.message }
    : { name: typeof thrown, message: show(thrown) };
}
