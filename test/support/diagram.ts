import type { Observable } from 'rxjs';

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
  readonly result: string;
  readonly values?: Readonly<Record<string, unknown>>;
  run(
    streams: Readonly<Record<string, Observable<string>>>,
    inner: (value: string) => Observable<string>,
  ): Observable<unknown>;
}
