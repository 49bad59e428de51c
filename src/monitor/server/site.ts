import type { IncomingMessage, ServerResponse } from 'node:http';
import { map, type Observable } from 'rxjs';
import type { Inspection, InspectOptions } from '../types.js';
import { Feed } from './feed.js';
import { answerFetch } from './fetch-face.js';
import { Gate } from './gate.js';
import { answerHttp } from './http-face.js';
import type { CheckedOptions } from './monitor-options.js';
import { PageFiles } from './page-files.js';
import type { Place } from './place.js';
import { Routes } from './routes.js';
import { pageFolder } from './server-files.js';
import { dump, inspect, inspect$, metrics, readEvents, stackOf, trace } from './sources.js';

/** What a process is called and when it began, as its main thread knows it. */
export type Program = Pick<Inspection['process'], 'name' | 'started'>;

/** The monitor as it is served, wherever that is: the page, what the page reads, and who may. */
export class Site {
  readonly #feed: Feed;
  readonly #routes: Routes;

  /**
   * @param program - where another thread than main serves
   * @param always - whether it looks also while nobody reads
   */
  constructor(
    options: CheckedOptions,
    inspectOptions: InspectOptions,
    program: Program | undefined,
    always: boolean,
  ) {
    const named = (moment: Inspection): Inspection => ({
      ...moment,
      process: { ...moment.process, ...program },
    });
    const moments: Observable<Inspection> = inspect$(inspectOptions).pipe(map(named));
    this.#feed = new Feed({ moments, look: () => named(inspect(inspectOptions)), readEvents }, always);
    const files = new PageFiles(pageFolder(), () => options.title ?? this.#feed.latest.process.name);
    const stack = options.stacks ? stackOf : undefined;
    this.#routes = new Routes(new Gate(options), this.#feed, files, { metrics, dump, trace, stack });
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
  }
}
