/**
 * The cells that every primitive begins with.
 *
 * WORD holds what the primitive is about (an owner, a count, a generation, a state) in its low bits, and who wants to
 * hear of a change in its flags. One rule for all flags: whoever wants to be woken sets its flag before it looks for
 * the last time; whoever changes the value takes the flags away in the same compare-exchange and wakes those they
 * stand for. So no change is missed, flags of the dead go with the next change, and nobody pays while none is set.
 */
export const WORD = 0;
/** `ident` of the thread that asked for its turn; see synchronizer.ts. */
export const TURN = 1;
/** Bumped and woken when AGENTS was set. */
export const AGENT_SEQ = 2;
/** Bumped and woken when WATCHED was set. */
export const WATCH_SEQ = 3;
/** A number that no other primitive of the process has. */
export const ID = 4;
/** From here on each primitive has its own. */
export const OWN = 8;
export const HEADER_WORDS = 16;
/** Of a primitive with slots; see slots.ts. */
export const SLOTTED_WORDS = 32;

/** Threads sleep on WORD, blocked. */
export const SLEEPERS: number = 1 << 30;
/** Agents of threads with pending Observable waits sleep on AGENT_SEQ. */
export const AGENTS: number = 1 << 29;
/** Streams watch the value. */
export const WATCHED: number = 1 << 28;
/** A thread that has waited long asks not to be overtaken again. */
export const TURN_ASKED: number = 1 << 27;
export const FLAGS: number = SLEEPERS | AGENTS | WATCHED | TURN_ASKED;
/** The low bits; idents and counts fit in. */
export const VALUE: number = TURN_ASKED - 1;
