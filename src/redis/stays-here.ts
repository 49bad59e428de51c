import { refuseToTravel } from '../pool/wire/codec.js';
import { uncloneable } from '../primitives/uncloneable.js';

const WHY =
  'a Machines and what it makes cannot be sent to a thread, because its session belongs to this one: make a Machines there, and ask it for the same name';

/** The first field of a Machines, and of all that it makes: see uncloneable.ts. */
export const STAYS_HERE: symbol = uncloneable(WHY);

refuseToTravel(
  'machines',
  (value) => (value as { readonly uncloneable?: unknown }).uncloneable === STAYS_HERE,
  WHY,
);
