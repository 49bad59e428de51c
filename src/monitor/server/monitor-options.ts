import { checkCount, checkOptions, show } from '../../primitives/options.js';
import { checkInspect } from '../inspect-options.js';
import type { InspectOptions } from '../types.js';
import { isLoopback } from './gate.js';

/** How a monitor is shown, and to whom. */
export interface MonitorOptions extends InspectOptions {
  /** Shown as the page's title. Default: `Inspection.process.name`. */
  readonly title?: string | undefined;
  /**
   * Names, beside loopback's own, that a request's Host may have, with a port or without. A page of another site that was
   * rebound to this address has its own name there, and is refused.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Asked for once as `?token=` and kept in a cookie, or as `Authorization: Bearer`. Needed for any host but loopback. */
  readonly token?: string | undefined;
  /**
   * Whether the stack of a thread may be asked for, which stops that thread for some ms. Default: true for `serveMonitor`,
   * false for `monitorHandler`.
   */
  readonly stacks?: boolean | undefined;
}

/** Where a monitor is served. */
export interface ServeOptions extends MonitorOptions {
  /** Default 7711; 0: any that is free. */
  readonly port?: number | undefined;
  /** Default '127.0.0.1'. 'localhost' is that and ::1. */
  readonly host?: string | undefined;
  /** Where it runs. 'worker' (default): a thread of its own, so that it answers while main is blocked. */
  readonly in?: 'worker' | 'here' | undefined;
}

const MONITOR_OPTIONS = ['detail', 'watch', 'title', 'allowedHosts', 'token', 'stacks'];
const SERVE_OPTIONS = [...MONITOR_OPTIONS, 'port', 'host', 'in'];
const ALLOWED_HOST = /^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i;

/** What the server itself needs, checked. */
export interface CheckedOptions {
  readonly inspect: InspectOptions;
  readonly title: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly token: string | undefined;
  readonly stacks: boolean;
}

/** @throws TypeError, RangeError showing the value, but for the token's */
export function checkMonitorOptions(options: MonitorOptions, stacks: boolean): CheckedOptions {
  checkOptions(options, MONITOR_OPTIONS);
  return checked(options, stacks);
}

export interface CheckedServeOptions extends CheckedOptions {
  readonly port: number;
  readonly host: string;
  readonly in: 'worker' | 'here';
}

/** @throws TypeError, RangeError showing the value, but for the token's; TypeError for a host beside loopback without a token */
export function checkServeOptions(options: ServeOptions): CheckedServeOptions {
  checkOptions(options, SERVE_OPTIONS);
  const { port = 7711, host: asked = '127.0.0.1', in: where = 'worker' } = options;
  checkCount('port', port, 0, 65_535);
  // As a URL has it: [::1], and names in any case; but a zone of an address may be an interface's name, which is as it is.
  const bare = typeof asked === 'string' ? asked.replace(/^\[(.*)\]$/, '$1') : '';
  if (bare === '') throw new TypeError(`host must be a name or an address, got ${show(asked)}`);
  const host = isLoopback(bare) ? bare.toLowerCase() : bare;
  if (where !== 'worker' && where !== 'here')
    throw new TypeError(`in must be 'worker' or 'here', got ${show(where)}`);
  const rest = checked(options, true);
  if (rest.token === undefined && !isLoopback(host))
    throw new TypeError(
      `host ${show(host)} is not loopback, so it needs a token: others could read the monitor`,
    );
  return { ...rest, port, host, in: where };
}

function checked(options: MonitorOptions, stacksByDefault: boolean): CheckedOptions {
  const { title, allowedHosts = [], token, stacks = stacksByDefault } = options;
  if (title !== undefined && typeof title !== 'string')
    throw new TypeError(`title must be a string, got ${show(title)}`);
  if (!Array.isArray(allowedHosts))
    throw new TypeError(`allowedHosts must be an array of names, got ${show(allowedHosts)}`);
  for (const host of allowedHosts)
    if (typeof host !== 'string' || !ALLOWED_HOST.test(host))
      throw new TypeError(`allowedHosts must be names, with a port or without, got ${show(host)}`);
  if (token !== undefined && (typeof token !== 'string' || token === ''))
    throw new TypeError(`token must be a string that is not empty, got ${typeof token}`);
  if (typeof stacks !== 'boolean') throw new TypeError(`stacks must be a boolean, got ${show(stacks)}`);
  const { detail = 'contention', watch = [] } = options;
  checkInspect({ detail, watch });
  return { inspect: { detail, watch }, title, allowedHosts: [...allowedHosts], token, stacks };
}
