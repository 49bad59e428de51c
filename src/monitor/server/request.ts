import type { Place } from './place.js';

/** What is asked of the monitor, whichever face it came through. */
export interface Asked extends Place {
  readonly method: string;
  readonly query: URLSearchParams;
  /** Values of all headers of that name. */
  header(name: string): readonly string[];
  /** Address and port that the connection came to; undefined where that is not known. */
  readonly local: { readonly address: string; readonly port: number } | undefined;
  /** Address that it came from; undefined where that is not known. */
  readonly peer: string | undefined;
  readonly encrypted: boolean;
  /** Aborts when whoever asked has gone. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | EventStream;
}

/** An answer that goes on: `GET events`. */
export interface EventStream {
  readonly lastId: number;
}

const SECURITY = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

/** @param headers - beside those for security, which every answer has */
export function answer(
  status: number,
  type: string,
  body: Answer['body'],
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { ...SECURITY, 'cache-control': 'no-store', 'content-type': type, ...headers },
    body,
  };
}

export const TEXT = 'text/plain; charset=utf-8';
export const JSON_TYPE = 'application/json; charset=utf-8';

export function refuse(status: number, why: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return answer(status, TEXT, `${why}\n`, headers);
}
