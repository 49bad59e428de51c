/**
 * The cells that every primitive begins with. A primitive is nothing but such cells, shared by all threads; the object
 * that a thread has is a view of them.
 *
 * WORD holds in its low bits the value that the primitive is about (a Lock's owner, a Semaphore's permits, an Event's
 * generation, a Barrier's state), and above them the flags of those who want to hear of a change:
 *
 *   bit   flag         set by                        means                                    a change of the value
 *   30    SLEEPERS     a thread before it blocks     threads sleep on WORD                    wakes them
 *   29    AGENTS       a queue before it sleeps      queues of Observable waits sleep on      adds 1 to AGENT_SEQ and
 *                                                    AGENT_SEQ, one in each thread            wakes it
 *   28    WATCHED      a stream before it reads      streams of the value sleep on WATCH_SEQ  adds 1 to WATCH_SEQ and
 *                                                                                             wakes it
 *   27    TURN_ASKED   who was overtaken too long    TURN names the thread that goes next     wakes all sleepers, keeps
 *                                                                                             the flag until it takes
 *   26-0  VALUE
 *
 * One rule for all flags: whoever wants to be woken sets its flag before it looks for the last time; whoever changes the
 * value takes the flags away in the same compare-exchange and wakes those they stand for. So no change is missed, flags
 * of dead threads go with the next change, and nobody pays while none is set: an uncontended acquire is one
 * compare-exchange of 0 for an ident.
 *
 * Where waiters have slots in a table of their own (Condition, Barrier; see waiter-list.ts), a blocked waiter sleeps on
 * its slot's STATE instead of WORD; its agents use WORD's flags all the same.
 */
export const WORD = 0;
/**
 * Of what can be acquired, while somebody looks at all: how often it was; see synchronizer.ts. Beside WORD, as memory is
 * aligned to four words: whoever has just changed that has this one in its cache, too.
 */
export const ACQUIRES = 1;
/** What agents sleep on: bumped by whoever takes AGENTS away. */
export const AGENT_SEQ = 2;
/** What streams sleep on: bumped by whoever takes WATCHED away. */
export const WATCH_SEQ = 3;
/** A number that no other primitive of the process has. */
export const ID = 4;
/** See threads/contended-record.ts. */
export const RECORD = 5;
/** Bits that are set for good: see threads/contention.ts. */
export const FACTS = 6;
/** While somebody looks: `ident` of who has let go of it, notified or set it last, and woke somebody. */
export const WOKEN_BY = 7;
/** From here on each primitive has cells of its own. */
export const OWN = 8;
/** The last one, of either length, is that of handle.ts. */
export const HEADER_WORDS = 16;
/** Of what can be acquired: `ident` of the thread that asked for its turn; see synchronizer.ts. */
export const TURN = 14;
/** Of a primitive whose waiters have slots. */
export const SLOTTED_WORDS = 48;

export const SLEEPERS: number = 1 << 30;
export const AGENTS: number = 1 << 29;
export const WATCHED: number = 1 << 28;
export const TURN_ASKED: number = 1 << 27;
export const FLAGS: number = SLEEPERS | AGENTS | WATCHED | TURN_ASKED;
/** The low bits; idents and counts fit in. */
export const VALUE: number = TURN_ASKED - 1;
