import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import type { MonitorMessage } from '../../../src/monitor/protocol.js';

/** What a made-up process tells: all of it at first, then what is new, ten times a second. */
export interface Source {
  first(): MonitorMessage[];
  next(): MonitorMessage[];
}

export interface MessageServer {
  readonly url: string;
  /** How many streams are open. */
  readonly readers: number;
  /** Ends all streams and takes no more. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const PAGE = new URL('../../../dist/monitor/page/', import.meta.url);
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.txt': 'text/plain',
};
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/**
 * The built page with messages of a process that there is not: for what no real program does on demand, such as a
 * thousand primitives that change ten times a second. Headers are those of the real server.
 */
export async function serveMessages(source: Source, port = 0): Promise<MessageServer> {
  const files = new Set(readdirSync(PAGE));
  const readers = new Set<ServerResponse>();
  let number = 0;
  const send = (response: ServerResponse, messages: readonly MonitorMessage[]): void => {
    for (const { kind, ...data } of messages)
      response.write(`event: ${kind}\nid: ${number}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://page').pathname.slice(1);
    const name = path === '' ? 'index.html' : path;
    if (name === 'events') {
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache, no-transform',
      });
      readers.add(response);
      response.on('close', () => readers.delete(response));
      send(response, source.first());
    } else if (files.has(name)) {
      response.writeHead(200, {
        'content-type': TYPES[extname(name)] ?? 'text/plain',
        'content-security-policy': CSP,
      });
      response.end(readFileSync(new URL(name, PAGE)));
    } else response.writeHead(404).end();
  });
  let timer: NodeJS.Timeout | undefined;
  const start = async (): Promise<void> => {
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    timer = setInterval(() => {
      number++;
      const messages = source.next();
      for (const reader of readers) send(reader, messages);
    }, 100);
  };
  await start();
  return {
    url: `http://127.0.0.1:${port}/`,
    get readers() {
      return readers.size;
    },
    start,
    async stop() {
      clearInterval(timer);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
