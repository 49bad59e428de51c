import { describe, expect, it } from 'vitest';
import type { Model } from '../support/histories/history.js';
import { check } from '../support/histories/linearizable.js';
import { barrier } from '../support/histories/models/barrier.js';
import { condition } from '../support/histories/models/condition.js';
import { event } from '../support/histories/models/event.js';
import { lock, rlock } from '../support/histories/models/lock.js';
import { semaphore } from '../support/histories/models/semaphore.js';
import { parse } from '../support/histories/print.js';
import { DEATHS, EVENT, LOCK, type Pages, RLOCK, SEMAPHORE } from './pages/locks.js';
import { BARRIER, CONDITION } from './pages/rendezvous.js';

function judges(title: string, pages: Pages, model: Model<never>): void {
  describe(title, () => {
    it.each(Object.entries(pages.right))('can be: %s', (_, page) => {
      expect(check(model, parse(page)).before).toEqual([]);
      expect(check(model, parse(page)).right).toBe(true);
    });
    it.each(Object.entries(pages.wrong))('cannot be: %s', (_, page) => {
      expect(check(model, parse(page)).right).toBe(false);
    });
  });
}

judges('Lock', LOCK, lock as Model<never>);
judges('Lock, with deaths', DEATHS, lock as Model<never>);
judges('RLock', RLOCK, rlock as Model<never>);
judges('RLock, with deaths', DEATHS, rlock as Model<never>);
judges('BoundedSemaphore(2)', SEMAPHORE, semaphore(2, 2) as Model<never>);
judges('Event', EVENT, event as Model<never>);
judges('Condition', CONDITION, condition(false) as Model<never>);
judges('Condition over an RLock', CONDITION, condition(true) as Model<never>);
judges('Barrier(2)', BARRIER.plain, barrier(2, false) as Model<never>);
judges('Barrier(2) with an action', BARRIER.action, barrier(2, true) as Model<never>);
