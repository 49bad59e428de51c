import { visible } from '../visible.js';

/** A duration in ms as a few characters; null: a dash. */
export function duration(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return '–';
  if (ms >= 3_600_000) return `${Math.floor(ms / 3_600_000)} h ${Math.floor((ms / 60_000) % 60)} min`;
  if (ms >= 60_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms / 1000) % 60)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 9.95) return `${Math.round(ms)} ms`;
  if (ms >= 0.995) return `${ms.toFixed(1)} ms`;
  return `${Math.round(ms * 1000)} µs`;
}

/** How long something has lasted that is shown live: tenths of a second are what the eye follows. */
export function elapsed(ms: number): string {
  const lasted = Math.max(0, ms);
  return lasted < 1000 ? `${(lasted / 1000).toFixed(1)} s` : duration(lasted);
}

export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ');
}

export function rate(perSecond: number | null): string {
  if (perSecond === null) return '–';
  if (perSecond >= 10) return count(perSecond);
  return perSecond < 0.05 ? '0' : perSecond.toFixed(1);
}

export function percent(share: number): string {
  if (share > 0 && share < 0.01) return '<1 %';
  return `${Math.round(share * 100)} %`;
}

export function bytes(value: number): string {
  const mega = value / 2 ** 20;
  return mega >= 1024 ? `${(mega / 1024).toFixed(1)} GB` : `${Math.round(mega)} MB`;
}

/** The time of day here, `14:02:07`, and with hundredths `14:02:07.50`. */
export function timeOfDay(time: number, hundredths = false): string {
  const date = new Date(time);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => two(part));
  return `${parts.join(':')}${hundredths ? `.${two(Math.floor(date.getMilliseconds() / 10))}` : ''}`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** What no letter that is written from right to left stands in: Latin, Greek, Cyrillic. */
const LEFT_TO_RIGHT = /^[ -\u058f]*$/;

/** A name as part of a sentence, of which it turns nothing round: it has a direction of its own, and cannot leave it. */
export function inSentence(name: string): string {
  const text = visible(name);
  return LEFT_TO_RIGHT.test(text) ? text : `\u2068${text}\u2069`;
}

/** `a, b and c`. */
export function list(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function two(value: number): string {
  return value.toString().padStart(2, '0');
}
