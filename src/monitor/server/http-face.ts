import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { visible } from '../visible.js';
import type { Feed } from './feed.js';
import type { Place } from './place.js';
import { type Answer, type Asked, refuse } from './request.js';
import type { Routes } from './routes.js';

/** What a server of node:http asks, and what stands on one. Never rejects. */
export async function answerHttp(
  routes: Routes,
  feed: Feed,
  place: Place,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = askedOf(place, request, response);
  const { closings } = feed;
  const answer = await routes.answer(asked).catch(failed);
  if (asked.signal.aborted) return;
  const { status, headers, body } = answer;
  if (typeof body === 'string' || body instanceof Uint8Array) {
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    response.end(asked.method === 'HEAD' ? undefined : body);
    return;
  }
  response.writeHead(status, headers);
  const begin = (): void => {
    if (asked.method === 'HEAD' || feed.closings !== closings) response.end();
    else stream(feed, body.lastId, response);
  };
  // Behind another answer of its connection, which may break off before this one has begun, and then nobody is told.
  if (response.socket === null) response.once('socket', begin);
  else begin();
}

/** Of the monitor's own, which answers for itself where nobody else hears of errors. */
export function failed(error: unknown): Answer {
  return refuse(500, `the monitor failed: ${visible(String(error))}`);
}

export const RETRY = 'retry: 1000\n\n';

function stream(feed: Feed, lastId: number, response: ServerResponse): void {
  response.write(RETRY);
  const reader = feed.join({ write: (text) => response.write(text), end: () => response.end() }, lastId);
  response.on('drain', () => reader.drained());
  response.once('close', () => reader.leave());
}

function askedOf(place: Place, request: IncomingMessage, response: ServerResponse): Asked {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const { socket, url = '' } = request;
  const { localAddress: address, localPort: port } = socket;
  return {
    ...place,
    method: request.method ?? '',
    query: new URLSearchParams(/\?(.*)/s.exec(url)?.[1]),
    header: (name) => valuesOf(request, name),
    local: address === undefined || port === undefined ? undefined : { address, port },
    peer: socket.remoteAddress,
    encrypted: (socket as Partial<TLSSocket>).encrypted === true,
    signal: gone.signal,
  };
}

/** Of HTTP/2 there is no `headersDistinct`; what is asked for stands in `:authority` there, and may stand in a Host as well. */
function valuesOf({ headersDistinct, headers }: IncomingMessage, name: string): readonly string[] {
  if (headersDistinct !== undefined) return headersDistinct[name] ?? [];
  const values = name === 'host' ? [headers[':authority'], headers.host] : [headers[name]];
  return [...new Set(values.flat())].filter((value) => value !== undefined);
}
