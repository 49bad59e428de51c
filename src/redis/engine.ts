import type { Observable } from 'rxjs';

/** What is asked of an engine. `src/redis/script` says what each takes and answers. */
export type EngineOperation =
  | 'hello'
  | 'renew'
  | 'sweep'
  | 'bye'
  | 'acquire'
  | 'release'
  | 'leave'
  | 'set'
  | 'clear'
  | 'await'
  | 'arrive'
  | 'acted'
  | 'withdraw'
  | 'abort'
  | 'reset'
  | 'notify'
  | 'state'
  | 'watch'
  | 'unwatch'
  | 'members'
  | 'snapshot'
  | 'owned'
  | 'mint'
  | 'wait';

/**
 * What an engine must do; the Redis one is a Lua script. Every call may arrive twice and must then answer the same.
 * Messages are hints that may be lost, never the only trace of a grant.
 */
export interface Engine {
  /**
   * Goes to the incarnation that `incarnation` has told last, or nowhere.
   *
   * @throws EngineError, `outOfReach` when there was no answer: then it may have been done, and may be repeated once
   * `incarnation` has answered again
   */
  call(operation: EngineOperation, ...args: readonly string[]): Promise<readonly string[]>;
  /** Whose hints `told$` tells from now on. */
  join(session: string): void;
  /** Hints for this session: granted, passed, broken, set, changed. Emits 'again' after any gap. */
  readonly told$: Observable<string>;
  /**
   * Another after each start or failover of the engine. Connects, if need be; calls that were not answered before are
   * not done any more once it has answered.
   *
   * @param anew - by another connection than the one there is: another process has seen another incarnation
   * @throws EngineError, `outOfReach` when another attempt may do
   */
  incarnation(anew?: boolean): Promise<string>;
  /** The incarnation that calls go to now; undefined: none, absent: there is but one. */
  readonly run?: string | undefined;
  /** ms that it had run when its incarnation was read; absent: it forgets nothing when it starts. */
  readonly age?: number;
  /** How many replicas have, after at most `ms`, all that was written before; absent: there are none. */
  replicated?(run: string, replicas: number, ms: number): Promise<number>;
  /** Ends its connections; what is not answered by then never is. */
  close(): Promise<void>;
}
