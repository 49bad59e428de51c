import { map, type Observable, timer } from 'rxjs';
import { inspect } from '../inspect.js';
import type { Inspection, InspectOptions, Site } from '../types.js';
import type { ReadEvents } from './event-log.js';

export { inspect };

export function inspect$(options: InspectOptions): Observable<Inspection> {
  return timer(0, 100).pipe(map(() => inspect(options)));
}
export const readEvents: ReadEvents = (cursor) => ({ events: [], cursor, lost: 0 });
export const dump = async (): Promise<string> => '';
export const stackOf = async (_ident: number): Promise<readonly Site[] | null> => null;
export const metrics = (): string => '';
export const trace = async (_ms: number, _signal: AbortSignal): Promise<Uint8Array> => new Uint8Array();
export const watchFor =
  (_options: InspectOptions): (() => void) =>
  () => {};
