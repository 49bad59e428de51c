import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { reportProgress } from 'rxjs-threading';
import { currentJob } from 'rxjs-threading/redis';

/** What the processes of the tests of jobs run. */

export const echo = (value) => value;
export const add = (a, b) => a + b;

export async function slowly(value, ms) {
  await delay(ms);
  return value;
}

export const sleepFor = (ms) => slowly(ms, ms);

/** Until it is cancelled; says so by the value that its signal gave it. */
export function wait() {
  const { signal } = currentJob();
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Processor time without a pause. */
export function burn(ms) {
  const end = Date.now() + ms;
  while (Date.now() < end);
  return 'burnt';
}

export function fail(message) {
  throw Object.assign(new RangeError(message, { cause: new TypeError('its cause') }), {
    code: 'ERR_FAIL',
    at: [1, 2],
  });
}

export function failAs(name, message) {
  throw Object.assign(new Error(message), { name });
}

export function exit() {
  process.exit(3);
}

export const nothing = () => {};
export const aDate = () => new Date(0);
export const job = () => {
  const { id, attempt, token } = currentJob();
  return { id, attempt, token: `${token}` };
};

export function* countTo(last) {
  for (let n = 1; n <= last; n++) yield n;
}

export async function* countThenFail(last) {
  for (let n = 1; n <= last; n++) yield n;
  throw new Error('after the last');
}

export async function* countSlowly(last, ms) {
  for (let n = 1; n <= last; n++) {
    await delay(ms);
    yield n;
  }
}

export function report(count) {
  for (let n = 1; n <= count; n++) reportProgress(n);
  return count;
}

/** Fails as often as it is told to, by the attempts of its job. */
export function failUntil(attempt) {
  const now = currentJob().attempt;
  if (now < attempt) throw new Error(`attempt ${now}`);
  return now;
}

/** Says that it runs, and fails after a while so that it is not tried again. */
export async function reportAndFail(ms) {
  reportProgress(ms);
  await delay(ms);
  throw Object.assign(new RangeError('for good'), { name: 'UnrecoverableError' });
}

/** Ends, with that, once the file is there. */
export async function untilThere(file) {
  while (!existsSync(file)) await delay(5);
  return file;
}

/** The same, and says that it runs. */
export function reportUntilThere(file) {
  reportProgress(file);
  return untilThere(file);
}

/** Waits until it is cancelled, unless the file is there. */
export const waitUnless = (file) => (existsSync(file) ? 'again' : wait());

export async function* countThenWait(last) {
  for (let n = 1; n <= last; n++) yield n;
  await wait();
}

export const notAFunction = 7;

export const text = (length) => 'x'.repeat(length);

export function failAtLength(length) {
  throw new Error('x'.repeat(length));
}

/** Says that it runs, and gives the value after a while. */
export async function reportAndSleep(value, ms) {
  reportProgress(value);
  return slowly(value, ms);
}

export function reportText(length) {
  reportProgress('x'.repeat(length));
  reportProgress('the next');
}

export function* texts(count, length) {
  for (let n = 0; n < count; n++) yield 'x'.repeat(length);
}

/** Reports once, and waits until it is cancelled. */
export function reportAndWait(value) {
  reportProgress(value);
  return wait();
}
