import { atOnce, FRAGILE_CHANGE, inSteps, LIGHT, type Model } from '../history.js';

/** Whether it is set, and who waits since a time when it was not. */
interface EventState {
  readonly isSet: boolean;
  readonly waiting: readonly number[];
}

const SET: EventState = { isSet: true, waiting: [] };

/** A wait is two steps: it begins, and it is free or gives up; `set` frees all who have begun. */
export const event: Model<EventState> = {
  initial: { isSet: false, waiting: [] },
  steps: (operation) => {
    const { name, result } = operation;
    if (name === 'died') return [];
    if (name !== 'wait') return atOnce(operation);
    // One that was left tells nothing.
    return result === 'true' || result === 'false'
      ? inSteps(operation, 2)
      : result === 'early'
        ? inSteps(operation, 1)
        : [];
  },
  step: (state, { id, name, result }, step) => {
    const done = result === 'true' || result === 'open';
    switch (name) {
      case 'set':
        return done ? SET : undefined;
      case 'clear':
        return !done ? undefined : state.isSet ? { isSet: false, waiting: [] } : state;
      case 'isSet':
        return result === String(state.isSet) ? state : undefined;
      case 'wait': {
        if (result === 'early') return undefined;
        if (step === 0)
          return state.isSet ? state : { ...state, waiting: [...state.waiting, id].sort((a, b) => a - b) };
        const waits = state.waiting.includes(id);
        if (result === 'true') return waits ? undefined : state;
        return waits ? { ...state, waiting: state.waiting.filter((one) => one !== id) } : undefined;
      }
      default:
        return undefined;
    }
  },
  // To begin sooner is to be freed by more.
  eager: ({ name, result }, step) =>
    name === 'isSet' || (name === 'wait' && (result === 'true' || step === 1)),
  key: ({ isSet, waiting }) => `${isSet} ${waiting}`,
  show: ({ isSet, waiting }) => `${isSet ? 'set' : 'unset'}, ${waiting.length} wait`,
  weight: ({ name }) => (name === 'wait' || name === 'isSet' ? LIGHT : FRAGILE_CHANGE),
};
