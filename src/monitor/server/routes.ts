import type { Inspection, Site } from '../types.js';
import type { Feed } from './feed.js';
import type { Gate } from './gate.js';
import type { PageFiles } from './page-files.js';
import { type Answer, type Asked, answer, JSON_TYPE, refuse, TEXT } from './request.js';

/** What the routes tell, beside what the feed does. */
export interface Told {
  metrics(moment: Inspection): string;
  dump(): Promise<string>;
  /** A trace from now on, gzipped, until so many ms have passed or the signal aborts. */
  trace(ms: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Where a thread is now; null: it does not live, or does not answer. undefined: nobody may ask. */
  readonly stack: ((ident: number) => Promise<readonly Site[] | null>) | undefined;
}

const ROUTES = ['events', 'inspect.json', 'metrics', 'dump.txt', 'trace', 'stack'] as const;
type Route = (typeof ROUTES)[number];

/** Of `GET trace`. */
const MOST_SECONDS = 60;
/** Between two answers of `GET stack`, which stops a thread, in ms. */
const STACK_EVERY = 1000;

/** Answers everything that can be asked, once the gate lets it in. */
export class Routes {
  readonly #gate: Gate;
  readonly #feed: Feed;
  readonly #files: PageFiles;
  readonly #told: Told;
  #tracing = false;
  #stackAt = Number.NEGATIVE_INFINITY;

  constructor(gate: Gate, feed: Feed, files: PageFiles, told: Told) {
    this.#gate = gate;
    this.#feed = feed;
    this.#files = files;
    this.#told = told;
  }

  /** Whether the route is one of the monitor's: others of a server may go on to what else it serves. */
  has(route: string): boolean {
    return isRoute(route) || this.#files.find(route) !== undefined;
  }

  async answer(asked: Asked): Promise<Answer> {
    const refused = this.#gate.refusal(asked);
    if (refused !== null) return refused;
    const admitted = this.#gate.admit(asked);
    if (admitted === null) return refuse(401, 'the monitor asks for its token, once: ?token=');
    const answered = await this.#route(asked, 'set-cookie' in admitted);
    return { ...answered, headers: { ...answered.headers, ...admitted } };
  }

  #route(asked: Asked, withToken: boolean): Answer | Promise<Answer> {
    const { route } = asked;
    if (asked.redirect !== undefined) return redirect(asked.redirect);
    // The page that shows has no token in its address.
    if (route === '' && withToken) return redirect('./');
    if (isRoute(route)) return this.#answers[route](asked);
    return this.#files.find(route) ?? refuse(404, 'the monitor has no such page');
  }

  readonly #answers: Readonly<Record<Route, (asked: Asked) => Answer | Promise<Answer>>> = {
    events: (asked) => {
      const [lastId] = asked.header('last-event-id');
      const headers = { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' };
      return answer(
        200,
        'text/event-stream; charset=utf-8',
        { lastId: Number(lastId ?? Number.NaN) },
        headers,
      );
    },
    'inspect.json': () => answer(200, JSON_TYPE, JSON.stringify(this.#feed.latest)),
    metrics: () =>
      answer(200, 'text/plain; version=0.0.4; charset=utf-8', this.#told.metrics(this.#feed.latest)),
    'dump.txt': async () => answer(200, TEXT, await this.#told.dump()),
    trace: (asked) => this.#trace(asked),
    stack: (asked) => this.#stack(asked),
  };

  async #trace({ query, signal }: Asked): Promise<Answer> {
    const seconds = Number(query.get('seconds') ?? 10);
    if (!(seconds > 0 && seconds <= MOST_SECONDS))
      return refuse(400, `seconds must be more than 0 and at most ${MOST_SECONDS}`);
    if (this.#tracing) return refuse(429, 'another trace is being recorded');
    this.#tracing = true;
    try {
      const trace = await this.#told.trace(seconds * 1000, signal);
      return answer(200, 'application/gzip', trace, {
        'content-disposition': 'attachment; filename="threads.json.gz"',
      });
    } finally {
      this.#tracing = false;
    }
  }

  async #stack({ query }: Asked): Promise<Answer> {
    if (this.#told.stack === undefined) return refuse(403, 'stacks are off here');
    const ident = Number(query.get('ident') ?? Number.NaN);
    if (!(Number.isInteger(ident) && ident > 0)) return refuse(400, 'ident must be that of a thread');
    if (performance.now() - this.#stackAt < STACK_EVERY)
      return refuse(429, 'a stack a second: each stops a thread');
    this.#stackAt = performance.now();
    const stack = await this.#told.stack(ident);
    if (stack === null) return refuse(404, 'the thread has ended, or does not answer');
    return answer(200, JSON_TYPE, JSON.stringify(stack));
  }
}

function isRoute(route: string): route is Route {
  return (ROUTES as readonly string[]).includes(route);
}

function redirect(to: string): Answer {
  return answer(303, TEXT, '', { location: to });
}
