import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect as connectTo } from 'node:net';
import { Hono } from 'hono';
import { Lock } from 'rxjs-threading';
import { type Inspection, monitorHandler } from 'rxjs-threading/monitor';
import { afterEach, describe, expect, it } from 'vitest';
import { EventsReader } from '../support/read-events.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const get = (url: string): Promise<Response> => fetch(url, { redirect: 'manual' });

describe('the handler of a monitor', () => {
  it('is a listener of node:http, at the root and below any path', async () => {
    const handler = monitorHandler({ title: 'mine' });
    const url = await listen(handler);
    for (const prefix of ['', '/threads', '/a/b.c']) {
      expect(await (await get(`${url}${prefix}/`)).text()).toContain('<title>mine</title>');
      const now = (await (await get(`${url}${prefix}/inspect.json`)).json()) as Inspection;
      expect(now.process.pid).toBe(process.pid);
    }
    const bare = await get(`${url}/threads`);
    expect(bare.status).toBe(303);
    expect(new URL(bare.headers.get('location') ?? '', bare.url).pathname).toBe('/threads/');
    expect((await get(`${url}/threads/none.js`)).status).toBe(404);
    handler.close();
  });

  it('sends nobody to another site by a missing slash', async () => {
    const url = await listen(monitorHandler());
    for (const path of ['/javascript:', '//evil.example', '/%2f%2fevil.example', '/http:']) {
      const { headers } = await get(url + path);
      const location = headers.get('location');
      if (location !== null) expect(new URL(location, url).origin).toBe(url);
    }
  });

  it('lets a framework go on with what is not its own, and is found where that has mounted it', async () => {
    const handler = monitorHandler();
    // As Express and middie mount.
    const url = await listen((request, response) => {
      const original = request.url ?? '';
      if (!original.startsWith('/threads')) return void response.end('other');
      const cut = original.slice('/threads'.length);
      Object.assign(request, { originalUrl: original, url: cut.startsWith('/') ? cut : `/${cut}` });
      handler(request, response, () => response.writeHead(418).end());
    });
    expect((await get(`${url}/threads/metrics`)).status).toBe(200);
    expect((await get(`${url}/threads/other`)).status).toBe(418);
    const bare = await get(`${url}/threads?x=1`);
    expect([bare.status, bare.headers.get('location')]).toEqual([303, './threads/']);
    const reader = await new EventsReader(`${url}/threads/`).open();
    expect((await reader.next())?.kind).toBe('snapshot');
    handler.close();
    await expect(reader.until(() => false)).rejects.toThrow();
  });

  it('ends what waits behind what is being read, on the same connection, as it is closed', async () => {
    const handler = monitorHandler();
    const url = await listen(handler);
    const socket = connectTo(Number(new URL(url).port), '127.0.0.1');
    const asked = [`GET /events HTTP/1.1`, `Host: ${new URL(url).host}`, '', ''].join('\r\n');
    socket.write(asked.repeat(2));
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    while (!text.includes('event: snapshot')) await once(socket, 'data');
    handler.close();
    // Each ends by a chunk of no bytes.
    while (text.split('\r\n0\r\n\r\n').length < 3) await once(socket, 'data');
    expect(text.match(/event: snapshot/g)).toHaveLength(1);
    expect(text.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
    socket.destroy();
  });

  it('looks only while somebody reads, and stops no threads', async () => {
    const url = await listen(monitorHandler());
    expect((await get(`${url}/stack?ident=4096`)).status).toBe(403);
    const lock = new Lock({ name: 'handled' });
    await lock.acquire();
    const waiting = lock.acquire().subscribe();
    const { waits } = (await (await get(`${url}/inspect.json`)).json()) as Inspection;
    expect(waits.map(({ name }) => name)).toContain('handled');
    waiting.unsubscribe();
  });

  it('speaks Request and Response, as in Hono', async () => {
    const handler = monitorHandler();
    const app = new Hono().all('/threads/*', (context) => handler.fetch(context.req.raw));
    const ask = (path: string, init?: RequestInit): Promise<Response> =>
      Promise.resolve(app.request(`http://localhost${path}`, init));
    expect((await ask('/threads/')).headers.get('content-security-policy')).toContain("default-src 'none'");
    const bare = await ask('/threads');
    expect([bare.status, bare.headers.get('location')]).toEqual([303, './threads/']);
    expect((await ask('/threads/inspect.json', { method: 'POST' })).status).toBe(405);
    expect((await ask('/threads/inspect.json', { headers: { origin: 'http://evil.example' } })).status).toBe(
      403,
    );
    const evil = await handler.fetch(new Request('http://evil.example/threads/inspect.json'));
    expect(evil.status).toBe(403);
    const events = (await ask('/threads/events')).body?.getReader();
    const decoder = new TextDecoder();
    let text = '';
    while (!text.includes('event: snapshot')) text += decoder.decode((await events?.read())?.value);
    await events?.cancel();
    handler.close();
  });

  it('speaks HTTP/2 as it speaks HTTP/1.1', async () => {
    const handler = monitorHandler();
    const server = createHttp2Server(handler as never).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const ask = async (headers: Record<string, string>): Promise<[status: number, text: string]> => {
      const stream = client.request(headers).setEncoding('utf8');
      const [{ ':status': status }] = (await once(stream, 'response')) as [{ ':status': number }];
      const [text] = (await once(stream, 'data')) as [string];
      stream.close();
      return [status, text];
    };
    expect(await ask({ ':path': '/inspect.json' })).toEqual([200, expect.stringContaining('MainThread')]);
    expect(await ask({ ':path': '/events' })).toEqual([200, expect.stringContaining('retry')]);
    const evil = { ':path': '/inspect.json', ':authority': 'evil.example' };
    expect((await ask(evil))[0]).toBe(403);
    expect((await ask({ ':path': '/inspect.json', host: 'evil.example' }))[0]).toBe(403);
    expect((await ask({ ':path': '/metrics', origin: 'http://evil.example' }))[0]).toBe(403);
    expect((await ask({ ':path': '/metrics', ':method': 'POST' }))[0]).toBe(405);
    client.destroy();
    server.close();
    handler.close();
  });

  it('asks for its token, whatever the Host', async () => {
    const handler = monitorHandler({ token: 'hono', allowedHosts: ['example.com'] });
    const ask = (url: string): Promise<Response> => handler.fetch(new Request(url));
    expect((await ask('http://example.com/inspect.json')).status).toBe(401);
    const answer = await ask('https://example.com/?token=hono');
    expect(answer.status).toBe(303);
    expect(answer.headers.get('set-cookie')).toContain('; Secure');
  });
});
