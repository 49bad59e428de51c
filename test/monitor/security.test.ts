import { networkInterfaces } from 'node:os';
import { type MonitorServer, serveMonitor } from 'rxjs-threading/monitor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askRaw, type RawAnswer } from '../support/raw-http.js';

const ROUTES = [
  '/',
  '/events',
  '/inspect.json',
  '/metrics',
  '/dump.txt',
  '/trace',
  '/stack?ident=4096',
  '/x',
];

let monitor: MonitorServer;
let port: number;
let own: string;

const portOf = ({ url }: MonitorServer): number => Number(new URL(url).port);
const get = (path: string, ...headers: readonly string[]): Promise<RawAnswer> =>
  askRaw(port, [`GET ${path} HTTP/1.1`, ...headers]);

beforeAll(async () => {
  monitor = await serveMonitor({ port: 0, allowedHosts: ['threads.example', 'other.example:8080'] });
  port = portOf(monitor);
  own = `Host: 127.0.0.1:${port}`;
});
afterAll(() => monitor.close());

describe('a monitor is asked', () => {
  it.each([
    ['127.0.0.1:PORT'],
    ['localhost:PORT'],
    ['LOCALHOST:PORT'],
    ['localhost.:PORT'],
    ['app.localhost:PORT'],
    ['[::1]:PORT'],
    ['threads.example'],
    ['threads.example:1234'],
    ['Threads.Example'],
    ['other.example:8080'],
  ])('by Host %s', async (host) => {
    const { status } = await get('/inspect.json', `Host: ${host.replace('PORT', String(port))}`);
    expect(status).toBe(200);
  });

  it.each([
    ['evil.example:PORT'],
    ['evil.example'],
    ['127.0.0.1.evil.example:PORT'],
    ['localhost.evil.example:PORT'],
    ['evil-localhost:PORT'],
    ['other.example'],
    ['other.example:PORT'],
    ['other.example:80'],
    ['sub.threads.example'],
    ['127.0.0.1:1'],
    ['localhost'],
    ['10.0.0.1:PORT'],
    ['0.0.0.0:PORT'],
    ['[::2]:PORT'],
    ['user@localhost:PORT'],
    ['localhost:PORT/x'],
    ['localhost:PORT, evil.example'],
    ['x%.localhost:PORT'],
    ['<img src=x onerror=alert(1)>'],
    [''],
  ])('not by Host %s, whatever the route', async (host) => {
    for (const route of ROUTES) {
      const answer = await get(route, `Host: ${host.replace('PORT', String(port))}`);
      expect(answer.status).toBe(403);
      expect(answer.head).toContain('content-type: text/plain; charset=utf-8');
      expect(answer.head).toContain('x-content-type-options: nosniff');
    }
  });

  it('not by two Hosts, nor without one', async () => {
    expect((await get('/inspect.json', own, 'Host: evil.example')).status).toBe(403);
    expect((await get('/inspect.json', 'Host: evil.example', own)).status).toBe(403);
    expect((await askRaw(port, ['GET /inspect.json HTTP/1.1'])).status).toBe(400);
    expect((await askRaw(port, ['GET /inspect.json HTTP/1.0'])).status).toBe(403);
  });

  it.each([
    ['Origin: https://evil.example', 403],
    ['Origin: http://127.0.0.1:1', 403],
    ['Origin: null', 403],
    ['Origin: http://localhost:PORT', 403],
    ['Origin: http://127.0.0.1:PORT', 200],
    ['Origin: https://127.0.0.1:PORT', 200],
    // Behind a proxy that names this server in Host, as most do.
    ['Origin: https://threads.example', 200],
    ['Origin: https://threads.example.evil.example', 403],
    ['Origin: https://other.example:8080', 200],
    ['Origin: https://other.example', 403],
    ['Sec-Fetch-Site: cross-site', 403],
    ['Sec-Fetch-Site: same-site', 403],
    ['Sec-Fetch-Site: same-origin', 200],
    ['Sec-Fetch-Site: none', 200],
    ['Sec-Fetch-Site: anything', 403],
  ])('by a page with %s: %i', async (header, expected) => {
    const { status } = await get('/inspect.json', own, header.replace('PORT', String(port)));
    expect(status).toBe(expected);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])('not to %s', async (method) => {
    for (const route of ROUTES) {
      const { status, head } = await askRaw(port, [`${method} ${route} HTTP/1.1`, own]);
      expect(status).toBe(405);
      expect(head).toContain('allow: GET, HEAD');
    }
  });

  it('for a HEAD as for a GET, without its body', async () => {
    for (const route of ['/inspect.json', '/metrics', '/events', '/x']) {
      const { head, body, status } = await askRaw(port, [`HEAD ${route} HTTP/1.1`, own]);
      expect(body).toBe('');
      expect(status).toBe(route === '/x' ? 404 : 200);
      expect(head).toContain('content-type: ');
    }
  });
});

describe('what a monitor answers', () => {
  it('has the headers that keep other pages out', async () => {
    for (const route of ['/inspect.json', '/metrics', '/dump.txt', '/x']) {
      const { head } = await get(route, own);
      const policy = /^content-security-policy: (.*)$/m.exec(head)?.[1];
      expect(policy?.trim()).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
      );
      expect(head).toContain('x-content-type-options: nosniff');
      expect(head).toContain('referrer-policy: no-referrer');
      expect(head).toContain('cross-origin-resource-policy: same-origin');
      expect(head).not.toContain('access-control-');
      expect(head).toContain('cache-control: no-store');
    }
  });

  it.each([
    '/../package.json',
    '/..%2fpackage.json',
    '/%2e%2e/package.json',
    '/./inspect.json',
    '//inspect.json',
    '/inspect.json/',
    '/monitor-worker.js',
    '/__proto__',
    '/constructor',
    '/events/',
  ])('%s: it has no such page', async (path) => {
    expect((await get(path, own)).status).toBe(404);
  });

  it('refuses numbers that are none, and stacks more than one a second', async () => {
    for (const seconds of ['0', '-1', '61', 'NaN', 'x', '1e9'])
      expect((await get(`/trace?seconds=${seconds}`, own)).status).toBe(400);
    for (const ident of ['', 'x', '1.5']) expect((await get(`/stack?ident=${ident}`, own)).status).toBe(400);
    const answers = await Promise.all([get('/stack?ident=1', own), get('/stack?ident=1', own)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([404, 429]);
  });
});

/** An address of this machine that is not loopback's; every machine on a network has one. */
const elsewhere = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

describe('a monitor with a token', () => {
  const token = 'a token; with=signs';
  const query = `token=${encodeURIComponent(token)}`;
  let guarded: MonitorServer;
  let at: number;
  let host: string;
  const ask = (path: string, ...headers: readonly string[]): Promise<RawAnswer> =>
    askRaw(at, [`GET ${path} HTTP/1.1`, host, ...headers]);

  beforeAll(async () => {
    guarded = await serveMonitor({ port: 0, host: '0.0.0.0', token });
    at = portOf(guarded);
    host = `Host: 127.0.0.1:${at}`;
  });
  afterAll(() => guarded.close());

  it('answers nobody who does not know it', async () => {
    const strangers = ['', '?token=', '?token=x', '?token=a%20token', `?x=${query}`, '?token[]=1'];
    for (const route of ['/', '/events', '/inspect.json', '/metrics', '/dump.txt', '/x'])
      for (const stranger of strangers) expect((await ask(`${route}${stranger}`)).status).toBe(401);
    const refused = await ask('/', 'Cookie: rxjs-threading-monitor=x', 'Authorization: Bearer x');
    expect(refused.status).toBe(401);
    expect(refused.head + refused.body).not.toContain(token);
  });

  it('leaves a cookie in its place, which is not it, and an address without it', async () => {
    const first = await ask(`/?${query}`);
    expect(first.status).toBe(303);
    expect(first.head).toContain('location: ./\r\n');
    const [, cookie = '', rest] = /^set-cookie: ([^;]+); (.*)\r$/m.exec(first.head) ?? [];
    expect(rest).toBe('HttpOnly; SameSite=Strict');
    expect(decodeURIComponent(cookie)).not.toContain(token);
    for (const sent of [cookie, `a=1; ${cookie}`, `${cookie}; b=2`])
      expect((await ask('/inspect.json', `Cookie: ${sent}`)).status).toBe(200);
    for (const sent of [`${cookie}x`, cookie.slice(0, -1), `x${cookie}`, cookie.replace('=', '-1=')])
      expect((await ask('/inspect.json', `Cookie: ${sent}`)).status).toBe(401);
  });

  it('takes one with signs that an address has for itself as it is typed there', async () => {
    await using signs = await serveMonitor({ port: 0, token: 'a+b?c=' });
    for (const typed of ['a+b?c=', 'a%2Bb%3Fc%3D'])
      expect((await fetch(`${signs.url}metrics?token=${typed}`)).status).toBe(200);
  });

  it('takes it as a query or a bearer where a program asks', async () => {
    expect((await ask(`/metrics?${query}`)).status).toBe(200);
    expect((await ask('/metrics', `Authorization: Bearer ${token}`)).status).toBe(200);
  });

  it('answers to the address that it was reached by, and to no name that leads there', async () => {
    if (elsewhere === undefined) throw new Error('this machine has no address beside loopback');
    const bearer = `Authorization: Bearer ${token}`;
    const from = (name: string): Promise<RawAnswer> =>
      askRaw(at, ['GET /inspect.json HTTP/1.1', `Host: ${name}:${at}`, bearer], elsewhere);
    expect((await from(elsewhere)).status).toBe(200);
    expect((await from('evil.example')).status).toBe(403);
    expect((await from('0.0.0.0')).status).toBe(403);
  });
});

describe('the options of a monitor', () => {
  it.each([
    [{ port: -1 }, RangeError, /port must be a whole number from 0 to 65535, got -1/],
    [{ port: '80' }, TypeError, /port must be a number, got '80'/],
    [{ host: '' }, TypeError, /host must be a name or an address, got ''/],
    [{ host: '[]', token: 'a' }, TypeError, /host must be a name or an address, got '\[\]'/],
    [{ host: '0.0.0.0' }, TypeError, /host '0.0.0.0' is not loopback, so it needs a token/],
    [{ host: 'example.com' }, TypeError, /needs a token/],
    [{ in: 'there' }, TypeError, /in must be 'worker' or 'here', got 'there'/],
    [{ title: 1 }, TypeError, /title must be a string, got 1/],
    [{ allowedHosts: 'x' }, TypeError, /allowedHosts must be an array of names, got 'x'/],
    [{ allowedHosts: ['http://x'] }, TypeError, /allowedHosts must be names.*got 'http:\/\/x'/],
    [{ allowedHosts: ['*'] }, TypeError, /got '\*'/],
    [{ token: '' }, TypeError, /token must be a string that is not empty/],
    [{ token: 5 }, TypeError, /token must be a string that is not empty, got number/],
    [{ stacks: 1 }, TypeError, /stacks must be a boolean, got 1/],
    [{ prot: 1 }, TypeError, /there is no option prot/],
    [null, TypeError, /options must be an object, got null/],
  ])('are refused when they are %o', async (options, error, why) => {
    const refused = serveMonitor(options as never);
    await expect(refused).rejects.toThrow(error);
    await expect(refused).rejects.toThrow(why);
  });
});
