import type { Feed } from './feed.js';
import { failed, RETRY } from './http-face.js';
import type { Place } from './place.js';
import type { Reader } from './reader.js';
import type { Asked } from './request.js';
import type { Routes } from './routes.js';

/** How much text of events waits in a Response, in bytes, before its reader counts as slow. */
const ENOUGH = 16_384;

/** What speaks Request and Response asks. Neither tells the addresses of the connection, so a Host alone says who asks. */
export async function answerFetch(
  routes: Routes,
  feed: Feed,
  place: Place,
  request: Request,
): Promise<Response> {
  const asked = askedOf(place, request);
  const { status, headers, body } = await routes.answer(asked).catch(failed);
  if (asked.method === 'HEAD') return new Response(null, { status, headers });
  const content = typeof body === 'string' || body instanceof Uint8Array ? body : stream(feed, body.lastId);
  return new Response(content as string | Uint8Array<ArrayBuffer> | ReadableStream, { status, headers });
}

function stream(feed: Feed, lastId: number): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let reader: Reader | undefined;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(encoder.encode(RETRY));
        const write = (text: string): boolean => {
          controller.enqueue(encoder.encode(text));
          return (controller.desiredSize ?? 0) > 0;
        };
        reader = feed.join({ write, end: () => controller.close() }, lastId);
      },
      pull: () => reader?.drained(),
      cancel: () => reader?.leave(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: ENOUGH }),
  );
}

function askedOf(place: Place, request: Request): Asked {
  const { host, protocol, searchParams } = new URL(request.url);
  return {
    ...place,
    method: request.method,
    query: searchParams,
    header(name) {
      const value = request.headers.get(name) ?? (name === 'host' ? host : null);
      return value === null ? [] : [value];
    },
    local: undefined,
    peer: undefined,
    encrypted: protocol === 'https:',
    signal: request.signal,
  };
}
