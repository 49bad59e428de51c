/** Where an actor plays, and how it waits. */
export interface Kind {
  readonly where: 'main' | 'worker';
  readonly face: 'blocking' | 'observable' | 'promise';
}

/** Who plays a case: the one that leads it, and in turn the others. */
export interface Mix {
  readonly title: string;
  readonly lead: Kind;
  readonly others: readonly Kind[];
}

const blocking: Kind = { where: 'worker', face: 'blocking' };
const onMain: Kind = { where: 'main', face: 'observable' };
const inWorker: Kind = { where: 'worker', face: 'observable' };

export const MIXES: readonly Mix[] = [
  { title: 'blocking in workers', lead: blocking, others: [blocking] },
  { title: 'Observables on main', lead: onMain, others: [onMain] },
  { title: 'Observables in workers', lead: inWorker, others: [inWorker] },
  {
    title: 'mixed',
    lead: { where: 'main', face: 'promise' },
    others: [blocking, inWorker, onMain, { where: 'worker', face: 'promise' }],
  },
];

/** The same with a thread of its own for each actor: what an owner is, is a thread. */
export function ownThreads(mix: Mix): Mix {
  return { ...mix, others: mix.others.map(({ face }) => ({ where: 'worker', face })) };
}
