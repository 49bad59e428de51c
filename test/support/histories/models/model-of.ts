import type { Model } from '../history.js';
import type { Plan } from '../plan.js';
import { barrier } from './barrier.js';
import { condition } from './condition.js';
import { event } from './event.js';
import { lock, rlock } from './lock.js';
import { semaphore } from './semaphore.js';

/** The sequential model of what a plan is about; its state is nobody else's business. */
export function modelOf({ kind, size }: Pick<Plan, 'kind' | 'size'>): Model<unknown> {
  const models = {
    Lock: () => lock,
    RLock: () => rlock,
    Semaphore: () => semaphore(size),
    BoundedSemaphore: () => semaphore(size, size),
    Event: () => event,
    'Condition(Lock)': () => condition(false),
    'Condition(RLock)': () => condition(true),
    Barrier: () => barrier(size, false),
    'Barrier(action)': () => barrier(size, true),
  };
  return models[kind]() as Model<unknown>;
}
