import type { Observable } from 'rxjs';
import type { Job } from './job-row.js';

/** A marble diagram, which is a test as well. */
export interface Diagram {
  readonly name: string;
  readonly operator: string;
  /** Hot streams, by label. */
  readonly rows: Readonly<Record<string, string>>;
  /** Events, by label: s when set, c when cleared. */
  readonly events?: Readonly<Record<string, string>>;
  /** What each value's section does, from the frame at which its turn comes; x stands for the value. */
  readonly inner?: { readonly name: string; readonly marbles: string; readonly at: readonly number[] };
  /** Lives of values in threads, by row and value: ^ begun, ! over. Those diagrams are run with real workers. */
  readonly jobs?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly result: string;
  /** What marks stand for, in the rows and the result. */
  readonly values?: Readonly<Record<string, unknown>>;
  run(
    streams: Readonly<Record<string, Observable<string>>>,
    inner: (value: string) => Observable<string>,
    job: (value: string) => Job,
  ): Observable<unknown>;
}
