import { Observable } from 'rxjs';
import { readEvents as readRing } from '../../primitives/threads/events.js';
import { ALL, EVENTS, SECTIONS } from '../../primitives/threads/trace-flag.js';
import { watchAs } from '../../primitives/threads/watching.js';
import { epoch } from '../epoch.js';
import { inspect } from '../inspect.js';
import { metricsOf } from '../metrics.js';
import { exposition } from '../metrics-exposition.js';
import type { Inspection, InspectOptions } from '../types.js';
import type { ReadEvents } from './event-log.js';

export { stackOf } from '../thread-stack.js';
export { inspect };

export function inspect$(options: InspectOptions): Observable<Inspection> {
  return new Observable((subscriber) => {
    subscriber.next(inspect(options));
    const timer = setInterval(() => subscriber.next(inspect(options)), 100).unref();
    return () => clearInterval(timer);
  });
}
export const readEvents: ReadEvents = (cursor) => {
  const { events, ...rest } = readRing(cursor);
  return { ...rest, events: events.map((event) => ({ ...event, time: epoch(event.time) })) };
};
export const dump = async (): Promise<string> => '';
export const metrics = (moment: Inspection): string => exposition(metricsOf(moment));
export const trace = async (_ms: number, _signal: AbortSignal): Promise<Uint8Array> => new Uint8Array();
export const watchFor = ({ detail }: InspectOptions): (() => void) =>
  watchAs(detail === 'all' ? EVENTS | ALL | SECTIONS : EVENTS);
