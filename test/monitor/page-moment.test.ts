import { describe, expect, it } from 'vitest';
import { COLUMN, COLUMNS, History } from '../../src/monitor/page/model/history.js';
import { Moment } from '../../src/monitor/page/model/moment.js';
import type { MonitorEvent } from '../../src/monitor/protocol.js';
import { inspection, primitive, thread } from '../browser/support/infos.js';

const lock = primitive(1, 'ledger');
const now = inspection({ threads: [thread(4096, 'MainThread', { kind: 'main' })], primitives: [lock] });
const event = (time: number, kind: MonitorEvent['event']): MonitorEvent => {
  return { time, ident: 4096, event: kind, primitive: 1, by: null, face: 'blocking' };
};

describe('what a page has seen', () => {
  it('is there once, although a snapshot after a long pause comes with events from before', () => {
    const moment = new Moment();
    const waits = [event(now.time + 1, 'wait'), event(now.time + 2, 'woken')];
    const later = [event(now.time + 3, 'wait'), event(now.time + 5, 'woken')];
    moment.apply({ kind: 'snapshot', now });
    moment.apply({ kind: 'events', events: waits, lost: 0 });
    moment.apply({ kind: 'snapshot', now });
    moment.apply({ kind: 'events', events: [...waits, ...later], lost: 0 });
    expect(moment.events).toEqual([...waits, ...later]);
    expect(moment.usages.histogram(1)?.reduce((sum, many) => sum + many, 0)).toBe(2);
  });

  it('is all of another process, whatever its clock was', () => {
    const moment = new Moment();
    const [before, after] = [event(now.time + 9000, 'wait'), event(now.time + 1, 'wait')];
    moment.apply({ kind: 'snapshot', now });
    moment.apply({ kind: 'events', events: [before], lost: 0 });
    moment.apply({ kind: 'snapshot', now: { ...now, process: { ...now.process, pid: 7 } } });
    moment.apply({ kind: 'events', events: [after], lost: 0 });
    expect(moment.events).toEqual([after]);
  });

  it('has its place in the last ten minutes, also after a time that it did not look', () => {
    const [history, moment] = [new History(), new Moment()];
    const told = (): (number | undefined)[] => history.columns.map((one) => one?.time);
    // It looks a little less often than once a second.
    for (let time = 0; time < 3 * COLUMN; time += 1100) history.tick(time + 1, moment);
    expect(told()).toEqual([1101, 5501, 11_001]);
    for (const time of [8 * COLUMN, 8 * COLUMN + 1000]) history.tick(time, moment);
    expect(told().slice(2)).toEqual([
      11_001,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      8 * COLUMN,
    ]);
    history.tick(500 * COLUMN, moment);
    expect(told()).toHaveLength(COLUMNS);
    expect(told().filter((one) => one !== undefined)).toEqual([500 * COLUMN]);
  });
});
