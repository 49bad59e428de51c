import { atOnce, FRAGILE_CHANGE, type Model, type Operation, type Result, type Step } from '../history.js';

interface Party {
  readonly id: number;
  readonly thread: number;
  /** What it will come to: whoever is told otherwise shows at once that this is not how it was. */
  readonly result: Result;
}

interface BarrierState {
  readonly broken: boolean;
  /** In the order in which they came. */
  readonly filling: readonly Party[];
  /** The last, while it runs the action, or has run it and not yet let anybody through. */
  readonly acting: (Party & { readonly stage: 'to act' | 'in action' | 'acted' }) | null;
  /** What those who do not know it yet have come to: an index, or refused. */
  readonly outcomes: readonly (readonly [id: number, outcome: number | 'refused', thread: number])[];
}

type Outcomes = BarrierState['outcomes'];

const none = (state: BarrierState, id: number): Outcomes => state.outcomes.filter(([one]) => one !== id);

const ordered = (outcomes: Outcomes): Outcomes => [...outcomes].sort(([a], [b]) => a - b);

/** Who waits is refused, and so is who runs the action. */
function refuseAll(state: BarrierState, broken: boolean): BarrierState | undefined {
  const { filling, acting } = state;
  const all = acting === null ? filling : [...filling, acting];
  if (all.some(({ result }) => typeof result === 'number')) return undefined;
  const refused = all.map(({ id, thread }) => [id, 'refused', thread] as const);
  return { broken, filling: [], acting: null, outcomes: ordered([...state.outcomes, ...refused]) };
}

/** All but the last, who knows its own. The indices of those who left or died during the action are nobody's. */
function letThrough(state: BarrierState, parties: number): BarrierState | undefined {
  const first = parties - 1 - state.filling.length;
  const others = state.filling.some(
    ({ result }, at) => result === 'broken' || (typeof result === 'number' && result !== first + at),
  );
  if (others) return undefined;
  const passed = state.filling.map(({ id, thread }, at) => [id, first + at, thread] as const);
  return { ...state, filling: [], acting: null, outcomes: ordered([...state.outcomes, ...passed]) };
}

/** A wait is two operations: the party arrives, and learns its index or that it is refused, or is left. */
export function barrier(parties: number, hasAction: boolean): Model<BarrierState> {
  function arrive(state: BarrierState, { id, thread, result }: Operation): BarrierState | undefined {
    const isLast = state.filling.length === parties - 1;
    if (typeof result === 'number' && state.acting === null) {
      // It knows whether it is the last; of the others, whoever leaves before all are here makes an index smaller.
      if (state.broken || isLast !== (result === parties - 1)) return undefined;
      if (!hasAction && state.filling.length < result) return undefined;
    }
    if (state.broken) return { ...state, outcomes: ordered([...state.outcomes, [id, 'refused', thread]]) };
    // Whoever comes during an action waits for its end; it may leave before.
    if (state.acting !== null) return result === 'left' || result === 'aborted' ? state : undefined;
    const party = { id, thread, result };
    if (!isLast) return { ...state, filling: [...state.filling, party] };
    if (hasAction) return { ...state, acting: { ...party, stage: 'to act' } };
    const passed = letThrough(state, parties);
    return passed && { ...passed, outcomes: ordered([...passed.outcomes, [id, parties - 1, thread]]) };
  }

  function finish(state: BarrierState, operation: Operation): BarrierState | undefined {
    const { id, result, timeout, leaves } = operation;
    const outcome = state.outcomes.find(([one]) => one === id)?.[1];
    const waits = state.filling.some((one) => one.id === id);
    const filling = state.filling.filter((one) => one.id !== id);
    const acted = state.acting?.id === id && state.acting.stage === 'acted';
    if (result === 'left' || result === 'aborted') {
      return state.acting?.id === id ? undefined : { ...state, filling, outcomes: none(state, id) };
    }
    if (acted && (result === parties - 1 || result === 'open')) return letThrough(state, parties);
    const known = { ...state, outcomes: none(state, id) };
    if (typeof result === 'number') return outcome === result ? known : undefined;
    if (outcome === 'refused' && result === 'broken') return known;
    if (result !== 'broken' && result !== 'open') return undefined;
    if (!waits || state.acting !== null) return undefined;
    if (timeout !== undefined) return refuseAll({ ...state, filling }, true);
    return leaves && result === 'open' ? { ...state, filling } : undefined;
  }

  function act(state: BarrierState, thread: number, from: 'to act' | 'in action'): BarrierState | undefined {
    const { acting } = state;
    if (acting?.thread !== thread) {
      // One whose round was broken or reset meanwhile acts in vain.
      return state.outcomes.some(([, outcome, whose]) => outcome === 'refused' && whose === thread)
        ? state
        : undefined;
    }
    if (acting.stage !== from) return undefined;
    return { ...state, acting: { ...acting, stage: from === 'to act' ? 'in action' : 'acted' } };
  }

  return {
    initial: { broken: false, filling: [], acting: null, outcomes: [] },
    steps: (operation): readonly Step[] => {
      const { name, begin, end, leave = begin, result } = operation;
      if (name !== 'wait') return atOnce(operation);
      const gone = result === 'left' || result === 'aborted';
      return [
        { from: begin, to: end },
        { from: gone ? leave : begin, to: end },
      ];
    },
    step: (state, operation, step) => {
      const { name, thread, result } = operation;
      switch (name) {
        case 'wait':
          return step === 0 ? arrive(state, operation) : finish(state, operation);
        case 'begin action':
          return act(state, thread, 'to act');
        case 'end action':
          return act(state, thread, 'in action');
        case 'reset':
          return result === 'true' || result === 'open' ? refuseAll(state, false) : undefined;
        case 'abort':
          return result === 'true' || result === 'open' ? refuseAll(state, true) : undefined;
        case 'died': {
          const left = { ...state, filling: state.filling.filter((one) => one.thread !== thread) };
          return state.acting?.thread === thread ? refuseAll(left, true) : left;
        }
        default:
          return undefined;
      }
    },
    // To learn what is decided changes nothing for others. With an action, it is also what tells whose was in vain.
    eager: ({ name, result, timeout }, step) =>
      !hasAction &&
      name === 'wait' &&
      step === 1 &&
      (typeof result === 'number' || (result === 'broken' && timeout === undefined)),
    key: ({ broken, filling, acting, outcomes }) =>
      `${broken} ${filling.map(({ id }) => id)} ${acting?.id} ${acting?.stage} ${outcomes.join(' ')}`,
    show: ({ broken, filling, acting, outcomes }) => {
      const who = filling.map(({ thread }) => `T${thread}`).join() || 'nobody';
      const action = acting === null ? '' : `, T${acting.thread} ${acting.stage}`;
      return `${broken ? 'broken' : `waiting: ${who}`}${action}, ${outcomes.length} have not heard yet`;
    },
    weight: () => FRAGILE_CHANGE,
  };
}
