import type { IncomingMessage, ServerResponse } from 'node:http';
import { dumpOf } from '../dump.js';
import { eventsSince } from '../events.js';
import { tellsFindings } from '../finding-events.js';
import { inspect } from '../inspect.js';
import { checkInspect } from '../inspect-options.js';
import { processInfo } from '../inspect-process.js';
import { inspect$ } from '../inspect-stream.js';
import { NowAndThen } from '../looking.js';
import { metricsOf } from '../metrics.js';
import { exposition } from '../metrics-exposition.js';
import { recordFor } from '../record.js';
import { stackOf } from '../thread-stack.js';
import type { Inspection } from '../types.js';
import { Feed } from './feed.js';
import { answerFetch } from './fetch-face.js';
import { Gate } from './gate.js';
import { answerHttp } from './http-face.js';
import type { CheckedOptions } from './monitor-options.js';
import { PageFiles } from './page-files.js';
import type { Place } from './place.js';
import { Routes } from './routes.js';
import { pageFolder } from './server-files.js';

/** The monitor as it is served, wherever that is: the page, what the page reads, and who may. */
export class Site {
  readonly #feed: Feed;
  readonly #routes: Routes;
  readonly #scrapers: NowAndThen;

  /** @param always - whether it looks also while nobody reads */
  constructor(options: CheckedOptions, always: boolean) {
    this.#scrapers = new NowAndThen(checkInspect(options.inspect).detail);
    const look = (): Inspection => {
      this.#scrapers.asks();
      return inspect(options.inspect);
    };
    this.#feed = new Feed(
      { moments: tellsFindings(inspect$(options.inspect)), look, readEvents: eventsSince },
      always,
    );
    const files = new PageFiles(pageFolder(), () => options.title ?? processInfo().name);
    this.#routes = new Routes(new Gate(options), this.#feed, files, {
      metrics: (moment) => exposition(metricsOf(moment)),
      dump: () => {
        this.#scrapers.asks();
        return dumpOf({}, options.inspect);
      },
      trace: recordFor,
      stack: options.stacks ? stackOf : undefined,
    });
  }

  has(route: string): boolean {
    return this.#routes.has(route);
  }

  http(place: Place, request: IncomingMessage, response: ServerResponse): void {
    void answerHttp(this.#routes, this.#feed, place, request, response);
  }

  fetch(place: Place, request: Request): Promise<Response> {
    return answerFetch(this.#routes, this.#feed, place, request);
  }

  /** Ends what is read. @param code - the process's, if it ends as well */
  close(code?: number): void {
    this.#feed.close(code);
    this.#scrapers.end();
  }
}
