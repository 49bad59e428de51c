import { Observable } from 'rxjs';
import { inspect } from '../inspect.js';
import { metricsOf } from '../metrics.js';
import { exposition } from '../metrics-exposition.js';
import type { Inspection, InspectOptions, Site } from '../types.js';
import type { ReadEvents } from './event-log.js';

export { inspect };

export function inspect$(options: InspectOptions): Observable<Inspection> {
  return new Observable((subscriber) => {
    subscriber.next(inspect(options));
    const timer = setInterval(() => subscriber.next(inspect(options)), 100).unref();
    return () => clearInterval(timer);
  });
}
export const readEvents: ReadEvents = (cursor) => ({ events: [], cursor, lost: 0 });
export const dump = async (): Promise<string> => '';
export const stackOf = async (_ident: number): Promise<readonly Site[] | null> => null;
export const metrics = (moment: Inspection): string => exposition(metricsOf(moment));
export const trace = async (_ms: number, _signal: AbortSignal): Promise<Uint8Array> => new Uint8Array();
export const watchFor =
  (_options: InspectOptions): (() => void) =>
  () => {};
