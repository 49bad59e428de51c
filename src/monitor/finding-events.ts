import { defer, type Observable, tap } from 'rxjs';
import { writeEvent } from '../primitives/threads/events.js';
import { MAIN_IDENT } from '../primitives/threads/table.js';
import type { Finding, Inspection } from './types.js';

/** Moments, with an event of each finding when it is first seen: it has its place among what threads did then. */
export function tellsFindings(moments: Observable<Inspection>): Observable<Inspection> {
  return defer(() => {
    let known = new Set<string>();
    return moments.pipe(
      tap((moment) => {
        for (const finding of moment.findings) if (!known.has(finding.id)) write(finding, moment);
        known = new Set(moment.findings.map(({ id }) => id));
      }),
    );
  });
}

/** Of the first thread that it is about; main for one that is about no thread of this process. */
function write(finding: Finding, { waits }: Inspection): void {
  if (finding.kind === 'abandoned') {
    writeEvent('finding', finding.ident, finding.primitive);
    return;
  }
  const first = 'cycle' in finding ? undefined : waits.find(({ id }) => id === finding.waits[0]);
  const wait = finding.kind === 'deadlock' ? finding.cycle[0]?.wait : first;
  writeEvent('finding', wait?.ident ?? MAIN_IDENT, wait?.primitive ?? 0);
}
