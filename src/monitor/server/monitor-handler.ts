import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkMonitorOptions, type MonitorOptions } from './monitor-options.js';
import { placeAnywhere } from './place.js';
import { Site } from './site.js';

/** For a server that there is already. It answers as long as the loop of its thread turns. */
export interface MonitorHandler {
  /** `http.createServer(handler)`, Express and Nest `app.use('/threads', handler)`, Fastify with @fastify/middie. */
  (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void): void;
  /** Hono `app.all('/threads/*', (c) => handler.fetch(c.req.raw))`, and whatever speaks Request and Response. */
  fetch(request: Request): Promise<Response>;
  /** Ends what is being read. What is asked later is answered all the same. */
  close(): void;
}

/**
 * The monitor's page for a server that there is already, under any prefix, and behind a proxy. It looks at threads and locks
 * only while somebody reads, and for 90 s after a single answer, such as a scrape: what only event loops tell, as of other
 * machines, is in the next one. Beside its own routes it calls `next`, if there is one.
 *
 * Without a `token` it answers requests from this machine alone. `fetch` is not told where a request comes from: there, give
 * a token, or let nobody else reach the server. Python has no such thing.
 *
 * @throws TypeError showing the value
 * @example
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * const server = createServer(monitorHandler()).listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const { port } = server.address() as { port: number };
 * const { threads } = (await (await fetch(`http://127.0.0.1:${port}/inspect.json`)).json()) as Inspection;
 * console.log(threads[0]?.name); // prints MainThread
 * server.close();
 * server.closeAllConnections();
 */
export function monitorHandler(options: MonitorOptions = {}): MonitorHandler {
  const site = new Site(checkMonitorOptions(options, false), false);
  const has = (route: string): boolean => site.has(route);
  const handler = (request: IncomingMessage, response: ServerResponse, next?: () => void): void => {
    const { originalUrl } = request as { readonly originalUrl?: string };
    const place = placeAnywhere(request.url ?? '/', originalUrl, has);
    const isOurs = place.route === '' || has(place.route);
    if (next !== undefined && !isOurs) next();
    else site.http(place, request, response);
  };
  return Object.assign(handler, {
    fetch: (request: Request) => {
      return site.fetch(placeAnywhere(new URL(request.url).pathname, undefined, has), request);
    },
    close: () => site.close(),
  });
}
