import { atOnce, CHANGE, FRAGILE_CHANGE, LIGHT, type Model, WITNESS } from '../history.js';
import { gaveUp } from './lock.js';

/** @param bound - the most permits that it takes back */
export function semaphore(value: number, bound = Number.POSITIVE_INFINITY): Model<number> {
  return {
    initial: value,
    steps: (operation) => (gaveUp(operation) ? [] : atOnce(operation)),
    step: (permits, { name, result, n = 1 }) => {
      switch (name) {
        case 'acquire':
          if (result === 'false') return permits === 0 ? permits : undefined;
          return permits > 0 && (result === 'true' || result === 'open') ? permits - 1 : undefined;
        case 'release':
          if (result === 'rangeError') return permits + n > bound ? permits : undefined;
          return permits + n <= bound && (result === 'true' || result === 'open') ? permits + n : undefined;
        case 'value':
          return result === permits ? permits : undefined;
        case 'died':
          // Those that it had are gone.
          return permits;
        default:
          return undefined;
      }
    },
    eager: ({ name, result }) => name === 'value' || result === 'false' || result === 'rangeError',
    key: String,
    show: (permits) => `${permits} left`,
    weight: (operation) => {
      const { name, result, pair } = operation;
      // More are left without the others: too many stay too many, but more may be.
      if (gaveUp(operation) || result === 'rangeError') return LIGHT;
      if (name === 'value' || result === 'false') return WITNESS;
      return name === 'release' && pair === undefined ? FRAGILE_CHANGE : CHANGE;
    },
  };
}
