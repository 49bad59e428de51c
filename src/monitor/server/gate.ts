import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { visible } from '../visible.js';
import { type Answer, type Asked, refuse } from './request.js';

export interface GateOptions {
  readonly allowedHosts: readonly string[];
  readonly token: string | undefined;
}

/** A name or address, and a port. */
const HOST = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i;
const LOOPBACK_NAME = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const LOOPBACK_ADDRESS = /^(127(\.\d{1,3}){3}|::1)$/;

/** Whether it is a name or an address that only this machine answers to. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_NAME.test(host.toLowerCase()) || host === '::1';
}

/**
 * Who may ask the monitor. In this order: a page of another site whose name was made to lead here (its Host is not ours),
 * any page of another site (Origin, Sec-Fetch-Site), a machine that is not this one and has no token, a method that is not
 * for reading. What is refused has looked at nothing.
 */
export class Gate {
  readonly #allowed: ReadonlySet<string>;
  readonly #token: Buffer | undefined;
  readonly #cookie: string;

  constructor({ allowedHosts, token }: GateOptions) {
    this.#allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
    this.#token = token === undefined ? undefined : digest(token);
    // Not the token itself, which its user may use elsewhere as well.
    this.#cookie = createHmac('sha256', token ?? '')
      .update('rxjs-threading/monitor')
      .digest('base64url');
  }

  /** null: come in. */
  refusal(asked: Asked): Answer | null {
    const hosts = asked.header('host');
    const [host = ''] = hosts;
    if (hosts.length !== 1 || !this.#isOurs(host, asked)) {
      const shown = hosts.length === 0 ? 'none' : visible(hosts.join(' and '));
      return refuse(403, `Host is ${shown}: it is not in allowedHosts of the monitor`);
    }
    if (!this.#isOfSite(host, asked)) return refuse(403, 'the monitor answers no page of another site');
    if (this.#token === undefined && asked.peer !== undefined && !isLoopbackAddress(asked.peer))
      return refuse(403, 'the monitor has no token, so it answers its own machine alone');
    if (asked.method !== 'GET' && asked.method !== 'HEAD')
      return refuse(405, 'the monitor is read only', { allow: 'GET, HEAD' });
    return null;
  }

  /**
   * Whether the one who asks knows the token, if there is one: in the query, as `Authorization: Bearer`, or by the cookie
   * that the first of these left.
   *
   * @returns null: no; else the headers that the answer gets
   */
  admit(asked: Asked): Readonly<Record<string, string>> | null {
    const token = this.#token;
    if (token === undefined) return {};
    const cookie = `rxjs-threading-monitor-${asked.local?.port ?? ''}=${this.#cookie}`;
    // A plus that is typed into an address stands for a space there.
    const isToken = (given: string): boolean =>
      [given, given.replaceAll(' ', '+')].some((one) => timingSafeEqual(digest(one), token));
    const isCookie = (given: string): boolean => timingSafeEqual(digest(given), digest(cookie));
    if (asked.query.getAll('token').some(isToken)) {
      const secure = asked.encrypted ? '; Secure' : '';
      return { 'set-cookie': `${cookie}; HttpOnly; SameSite=Strict${secure}` };
    }
    const bearers = asked.header('authorization').map((value) => value.replace(/^Bearer +/i, ''));
    const cookies = asked.header('cookie').flatMap((value) => value.split(/; */));
    return bearers.some(isToken) || cookies.some(isCookie) ? {} : null;
  }

  #isAllowed(host: string): boolean {
    const { bare, port } = parsed(host);
    return this.#allowed.has(bare) || (port !== undefined && this.#allowed.has(`${bare}:${port}`));
  }

  /** Of the page that asks, if a page does. A proxy may have put our name into Host, and has left that of the page's site. */
  #isOfSite(host: string, { header }: Asked): boolean {
    const sites = header('sec-fetch-site');
    if (sites.some((site) => site !== 'same-origin' && site !== 'none')) return false;
    const own = host.toLowerCase();
    return header('origin').every((origin) => {
      const [, site = ''] = /^https?:\/\/(.+)$/.exec(origin) ?? [];
      return site === own || this.#isAllowed(site);
    });
  }

  #isOurs(host: string, { local }: Asked): boolean {
    const { bare, port } = parsed(host);
    if (bare === '') return false;
    if (this.#isAllowed(host)) return true;
    if (local === undefined) return LOOPBACK_NAME.test(bare);
    const rightPort = Number(port ?? 80) === local.port || (port === undefined && local.port === 443);
    // An address that the server itself has: a name that was made to lead here is none.
    return rightPort && (LOOPBACK_NAME.test(bare) || bare.replace(/^\[|\]$/g, '') === plain(local.address));
  }
}

/** In lower case, and '' if it is none. */
function parsed(host: string): { readonly bare: string; readonly port: string | undefined } {
  const [, name = '', port] = HOST.exec(host.toLowerCase()) ?? [];
  return { bare: name.replace(/\.$/, ''), port };
}

function isLoopbackAddress(address: string): boolean {
  return LOOPBACK_ADDRESS.test(plain(address));
}

/** An IPv4 address that came in over IPv6, as itself. */
function plain(address: string): string {
  return address.replace(/^::ffff:/i, '');
}

/** Of one length, whatever was given: comparing takes the same time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
