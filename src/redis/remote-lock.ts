import type { Observable } from 'rxjs';
import { type Owner, OwnerDiedError, ThreadError } from '../errors.js';
import { checkOptions, show } from '../primitives/options.js';
import { ownerDeaths } from '../primitives/waiting/channels.js';
import type { Settle, Wait } from '../primitives/waiting/wait.js';
import { waitBlocked } from './blocking.js';
import { EngineError, type EngineErrorOptions } from './errors.js';
import { RemoteAcquirable } from './remote-acquirable.js';
import { RemoteHeld } from './remote-held.js';
import { stateStream } from './remote-stream.js';
import { RemoteWait, type Request } from './remote-wait.js';
import { number, saidIn, text, tokenIn } from './said.js';
import type { Session } from './session.js';

/** How a lock of several machines deals with an owner that died. */
export interface RemoteLockOptions {
  /**
   * What who comes next gets when an owner died or lost its lease. 'error' (default): an OwnerDiedError, once, then the lock
   * is free, as locally. 'grant': the lock, with `held.abandoned`.
   */
  onOwnerDied?: 'error' | 'grant' | undefined;
}

/** @throws TypeError */
export function checkRemoteLock(options: RemoteLockOptions | undefined): 'error' | 'grant' {
  checkOptions(options, ['onOwnerDied']);
  const { onOwnerDied = 'error' } = options ?? {};
  if (onOwnerDied !== 'error' && onOwnerDied !== 'grant')
    throw new TypeError(`onOwnerDied must be 'error' or 'grant', got ${show(onOwnerDied)}`);
  return onOwnerDied;
}

/**
 * One at a time, among all processes of the namespace; first come, first served, whatever machine they are on. Source:
 * CPython, `threading.Lock`, and Redis, "Distributed Locks with Redis".
 *
 * Safe while clocks run evenly and the engine keeps its memory or forgets it whole; otherwise advisory: see `fence`. A place
 * in the queue survives lost messages and reconnects. While the engine cannot be reached, waits wait on.
 *
 * @example
 * const machines = new Machines({ connection: 'memory', namespace: 'shop' });
 * const lock = machines.lock('accounts');
 * const held = await lock.hold();
 * console.log(await lock.locked(), held.token > 0n); // prints true true
 * await lock.release();
 * await machines.close();
 */
export class RemoteLock extends RemoteAcquirable {
  /** Who shares it, on every machine, knows it by that name. */
  readonly name: string;
  /** One section at a time. */
  override readonly shared = false;
  readonly #session: Session;
  readonly #key: string;
  /** @internal */
  readonly onOwnerDied: 'error' | 'grant';
  /** Whether any process has it. Now and at every change; coalesces. Does not keep the process alive. */
  readonly locked$: Observable<boolean>;
  /** Which process has it; null: none. Now and at every change; coalesces. Does not keep the process alive. */
  readonly owner$: Observable<Owner | null>;
  /** How many wait for it. Now and at every change; coalesces. Does not keep the process alive. */
  readonly waiting$: Observable<number>;

  /** @internal */
  constructor(session: Session, name: string, onOwnerDied: 'error' | 'grant') {
    super();
    this.name = name;
    this.#session = session;
    this.#key = `l:${name}`;
    this.onOwnerDied = onOwnerDied;
    this.locked$ = stateStream(session, this.#key, ([holders]) => holders !== '0');
    this.waiting$ = stateStream(session, this.#key, ([, waiting]) => Number(waiting));
    const owner = ([, , token, , info]: readonly string[]) =>
      token === undefined ? null : ownerOf(`${token} ${info}`);
    this.owner$ = stateStream(session, this.#key, owner, (a, b) => a?.token === b?.token);
  }

  /** @internal */
  override begin<T>(
    timeout: number,
    signal: AbortSignal | undefined,
    acquired: (held: RemoteHeld) => T,
    expire: () => T,
    settle: Settle<T>,
  ): (() => void) | undefined {
    const request = this.#request(timeout, acquired, expire);
    return new RemoteWait(this.#session, request, timeout, signal, settle).begin();
  }

  #request<T>(timeout: number, acquired: (held: RemoteHeld) => T, expire: () => T): Request<T> {
    return {
      operation: 'acquire',
      key: this.#key,
      args: ['1', timeout === 0 ? '0' : '1'],
      answer: (reply, { number }) =>
        granted(this.#session, this.#key, number, reply, this.onOwnerDied, acquired),
      expire,
    };
  }

  /** @internal */
  override take<T>(timeout: number, acquired: (held: RemoteHeld) => T, expire: () => T): T {
    return waitBlocked(this.#session, this.#request(timeout, acquired, expire), timeout);
  }

  /** Whether the Machines of that session has made it. @internal */
  isOf(session: Session): boolean {
    return session === this.#session;
  }

  /** What a condition's wait has taken again. @internal */
  heldAgain(held: RemoteHeld, _owner: object | undefined): RemoteHeld {
    return held;
  }

  /**
   * Gives back what this process has; resolves with the engine's answer, which need not be waited for.
   *
   * @throws ThreadError, ERR_NOT_OWNER, when this process does not have it: unlike a local Lock it cannot be released by anybody
   */
  release(): Promise<void> {
    const held = this.#session.has.holdOf(this.#key);
    if (held !== undefined) return held.release();
    throw new ThreadError(`lock ${show(this.name)} is not held by this process`, { code: 'ERR_NOT_OWNER' });
  }

  /** Asks whether any process has it, at this moment. Unsubscribing costs nobody anything. */
  locked(): Wait<boolean> {
    return this.#session.ask(([holders]) => holders !== '0', 'state', '', '', this.#key);
  }

  /** Its name. */
  override toString(): string {
    return `<RemoteLock object '${this.name}' of ${this.#session.namespace}>`;
  }
}

/**
 * What an answer to `acquire` comes to: undefined while it waits.
 *
 * @param onOwnerDied - undefined: of a permit, which nobody is told of
 * @throws OwnerDiedError; RangeError when the thing has other permits
 */
export function granted<T>(
  session: Session,
  key: string,
  number: string,
  [what, token = '', died = '', run = '']: readonly string[],
  onOwnerDied: 'error' | 'grant' | undefined,
  acquired: (held: RemoteHeld) => T,
  permits = 1,
): T | undefined | Promise<T> {
  const name = key.slice(2);
  if (what === '-2') throw new RangeError(`${name} was made with ${token} permits, got ${permits}`);
  if (what !== '1') return undefined;
  const owner = died === '' ? undefined : ownerOf(died);
  if (owner !== undefined && ownerDeaths.hasSubscribers)
    ownerDeaths.publish({ kind: 'RemoteLock', name, id: 0, owner: 0, machine: owner });
  if (owner !== undefined && onOwnerDied === 'error') {
    session.report(session.call('release', number, key));
    throw new OwnerDiedError(
      `process ${owner.pid} of ${owner.host} (${owner.name}) died with lock ${show(name)}`,
      { machine: owner },
    );
  }
  const held = new RemoteHeld(session, { key, number, token: BigInt(token), run, permits, abandoned: owner });
  const { replicas } = session.options;
  return replicas === 0 ? acquired(held) : replicated(session, held, run, replicas, acquired);
}

/** ms for the replicas to have a grant. */
const REPLICATION = 1000;

async function replicated<T>(
  session: Session,
  held: RemoteHeld,
  run: string,
  replicas: number,
  acquired: (held: RemoteHeld) => T,
): Promise<T> {
  let have = 0;
  let failed: EngineErrorOptions = {};
  try {
    have = await session.replicated(run, replicas, REPLICATION);
  } catch (cause) {
    // Nobody can tell: as if there were none.
    failed = { cause };
  }
  if (have >= replicas) return acquired(held);
  held.release();
  throw new EngineError(
    `${have} replicas have the grant of ${held.key.slice(2)}, ${replicas} were asked for`,
    failed,
  );
}

/** @param died - its token, and what it said of itself */
function ownerOf(died: string): Owner {
  const [token = ''] = died.split(' ', 1);
  const { session, host, pid, name } = saidIn<Owner>(died.slice(token.length + 1));
  return {
    session: text(session),
    host: text(host),
    pid: number(pid),
    name: text(name),
    token: tokenIn(token),
  };
}
