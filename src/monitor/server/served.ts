import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Listening, listen } from './listen.js';
import type { CheckedServeOptions } from './monitor-options.js';
import { placeAtRoot } from './place.js';
import { Site } from './site.js';

/** A monitor with a server of its own. */
export interface Served {
  readonly url: string;
  /** @param code - the process's, if it ends as well */
  close(code?: number): Promise<void>;
  unref(): void;
}

/** Rejects when it cannot listen. */
export async function serve(options: CheckedServeOptions): Promise<Served> {
  let site: Site | undefined;
  const answer = (request: IncomingMessage, response: ServerResponse): void =>
    site?.http(placeAtRoot(request.url ?? '/'), request, response);
  const { url, close, unref }: Listening = await listen(answer, options.port, options.host);
  site = new Site(options, true);
  return {
    url,
    unref,
    close(code) {
      site?.close(code);
      return close();
    },
  };
}
