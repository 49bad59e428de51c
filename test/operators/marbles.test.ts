// The diagrams of docs/operators.md show what happens, and are drawn from what is tested here.
import { readdirSync, readFileSync } from 'node:fs';
import type { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { drawAll, folder } from '../../docs/draw-marbles.js';
import { diagrams } from '../fixtures/marbles.js';
import type { Diagram } from '../support/diagram.js';
import type { Job } from '../support/job-row.js';
import { inRounds } from '../support/rounds.js';
import { inVirtualTime } from '../support/virtual-time.js';

const unused = (): never => expect.fail('not in this diagram');

/** What each mark stands for: itself, unless told. */
function meanings(marbles: string, { values = {} }: Diagram): Record<string, string> {
  return Object.fromEntries([...marbles].map((mark) => [mark, (values[mark] ?? mark) as string]));
}

function runVirtually(diagram: Diagram): void {
  inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const streams: Record<string, Observable<string>> = {};
    for (const [label, marbles] of Object.entries({ ...diagram.events, ...diagram.rows })) {
      streams[label] = hot(marbles, meanings(marbles, diagram));
    }
    let started = 0;
    const marbles = diagram.inner?.marbles ?? '|';
    const inner = (value: string) => {
      const section = cold(marbles, { x: value });
      const at = diagram.inner?.at[started++] ?? -1;
      expectSubscriptions(section.subscriptions).toBe(`${at}ms ^ ${marbles.length - 2}ms !`);
      return section;
    };
    expectObservable(diagram.run(streams, inner, unused)).toBe(
      diagram.result,
      meanings(diagram.result, diagram),
    );
  });
}

async function runInWorkers(diagram: Diagram, lives: NonNullable<Diagram['jobs']>): Promise<void> {
  await inRounds(({ hot, jobs, expectObservable }) => {
    const streams: Record<string, Observable<string>> = {};
    for (const [label, marbles] of Object.entries(diagram.rows)) streams[label] = hot(marbles);
    const job: (value: string) => Job = jobs(Object.assign({}, ...Object.values(lives)));
    expectObservable(diagram.run(streams, unused, job)).toBe(diagram.result, diagram.values);
  });
}

it.each(diagrams)('what the diagram $name shows', async (diagram) => {
  if (diagram.jobs === undefined) runVirtually(diagram);
  else await runInWorkers(diagram, diagram.jobs);
});

describe('docs/marbles', () => {
  it('has these diagrams and no others', () => {
    expect(readdirSync(folder).toSorted()).toEqual(
      drawAll()
        .map(([file]) => file)
        .toSorted(),
    );
  });

  it.each(drawAll())('has %s as it would be drawn', (file, content) => {
    expect(readFileSync(new URL(file, folder), 'utf8')).toBe(content);
  });
});
