import type { EngineOperation } from './engine.js';
import { LockLostError } from './errors.js';
import type { Session } from './session.js';

/**
 * Asks for a change that nobody need wait for: what goes wrong is in `errors$`, and never an unhandled rejection.
 *
 * The engine keeps that it was done until it was told that this is known: repeated after a lost answer, a change would undo
 * what others have done since.
 *
 * @param done - called with the answer
 * @throws LockLostError, which rejects, when this process was cut off before it was done
 */
export function change(
  session: Session,
  operation: EngineOperation,
  key: string,
  args: readonly string[] = [],
  done: (reply: readonly string[]) => void = () => {},
): Promise<void> {
  const number = session.nextNumber();
  const changed = session.call(operation, number, key, ...args).then(
    (reply) => {
      if (reply[0] === '-1') {
        session.notKnown();
        throw cutOff(operation, key);
      }
      session.report(session.call('leave', number, key, '1'));
      done(reply);
    },
    (error) => {
      throw error instanceof LockLostError && error.reason !== 'closed' ? cutOff(operation, key) : error;
    },
  );
  changed.catch((error) => session.tellError(error));
  return changed;
}

function cutOff(operation: EngineOperation, key: string): LockLostError {
  return new LockLostError(`${operation} of ${key.slice(2)} may not have been done: the session is over`);
}
