import { type Observable, Subject } from 'rxjs';
import type { Engine, EngineOperation } from './engine.js';
import { closed, EngineError, LockLostError } from './errors.js';
import type { Answer, FromKeeper, ToKeeper } from './keeper-messages.js';

interface Question {
  readonly resolve: (reply: readonly string[]) => void;
  readonly reject: (error: unknown) => void;
}

/** The reply. @throws EngineError, LockLostError as the keeper has caught it */
export function replyIn(answer: Answer): readonly string[] {
  if ('reply' in answer) return answer.reply;
  if (answer.lost) throw new LockLostError(answer.failed);
  throw new EngineError(answer.failed, { outOfReach: answer.outOfReach });
}

export function failureOf(error: unknown): Answer {
  const failed = error instanceof Error ? error.message : String(error);
  const outOfReach = error instanceof EngineError && error.outOfReach;
  return { failed, outOfReach, lost: error instanceof LockLostError };
}

/**
 * The engine of a worker, by its keeper's connections: what the worker has asked for before it blocks arrives all the same,
 * and before what it is blocked for.
 */
export class KeeperEngine implements Engine {
  readonly #post: (message: ToKeeper) => void;
  readonly #told = new Subject<string>();
  readonly told$: Observable<string> = this.#told.asObservable();
  readonly #questions = new Map<number, Question>();
  #id = 0;

  constructor(post: (message: ToKeeper) => void) {
    this.#post = post;
  }

  /** Called with all that the keeper says. */
  hear(message: FromKeeper): void {
    if (message.kind === 'told') this.#told.next(message.hint);
    else if (message.kind === 'answered') {
      const question = this.#questions.get(message.id);
      this.#questions.delete(message.id);
      try {
        question?.resolve(replyIn(message.answer));
      } catch (error) {
        question?.reject(error);
      }
    } else if (message.kind === 'ended' || message.kind === 'failed') {
      const error = message.kind === 'ended' ? closed() : new LockLostError('the session is over');
      for (const { reject } of this.#questions.values()) reject(error);
      this.#questions.clear();
    }
  }

  #ask(make: (id: number) => ToKeeper): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const id = ++this.#id;
      this.#questions.set(id, { resolve, reject });
      this.#post(make(id));
    });
  }

  call(operation: EngineOperation, ...args: readonly string[]): Promise<readonly string[]> {
    return this.#ask((id) => ({ kind: 'call', id, operation, args }));
  }

  /** The keeper does, when its session does. */
  join(): void {}

  async incarnation(anew = false): Promise<string> {
    const [run = ''] = await this.#ask((id) => ({ kind: 'incarnation', id, anew }));
    return run;
  }

  async replicated(run: string, replicas: number, ms: number): Promise<number> {
    const [have] = await this.#ask((id) => ({ kind: 'replicated', id, run, replicas, ms }));
    return Number(have);
  }

  async close(): Promise<void> {
    this.#told.complete();
  }
}
