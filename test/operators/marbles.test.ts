// The diagrams of docs/operators.md show what happens, and are drawn from what is tested here.
import { readFileSync } from 'node:fs';
import type { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { draw, folder } from '../../docs/draw-marbles.js';
import { diagrams } from '../fixtures/marbles.js';
import { inVirtualTime } from '../support/virtual-time.js';

describe.each(diagrams)('$name', (diagram) => {
  it('does what its diagram shows', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const streams: Record<string, Observable<string>> = {};
      for (const [label, marbles] of Object.entries({ ...diagram.events, ...diagram.rows })) {
        streams[label] = hot(marbles);
      }
      let started = 0;
      const marbles = diagram.inner?.marbles ?? '|';
      const result = diagram.run(streams, (value) => {
        const inner = cold(marbles, { x: value });
        const at = diagram.inner?.at[started++] ?? -1;
        expectSubscriptions(inner.subscriptions).toBe(`${at}ms ^ ${marbles.length - 2}ms !`);
        return inner;
      });
      expectObservable(result).toBe(diagram.result, diagram.values);
    });
  });

  it('has its diagram drawn', () => {
    expect(readFileSync(new URL(`${diagram.name}.svg`, folder), 'utf8')).toBe(draw(diagram));
  });
});
