import { type Observable, throwError } from 'rxjs';
import { ThreadError } from '../../errors.js';
import type { WaitOptions } from '../../primitives/options.js';
import type { Emitted } from '../../primitives/target.js';
import { MAIN_IDENT } from '../../primitives/threads/table.js';
import { nameOf } from '../../primitives/threads/thread-slots.js';
import type { Wait } from '../../primitives/waiting/wait.js';
import { remoteJoin, remoteOutput, remoteResult, remoteTerminate } from './remote-ask.js';
import { isDaemon, ThreadSide } from './thread-side.js';

/** A Thread where another thread started it, or within the thread itself: the table tells most, the starter the rest. */
export class StartedElsewhere<R> extends ThreadSide {
  /** What the thread gives is kept where it was started. */
  readonly outcome: undefined = undefined;
  #toldJoin = false;

  constructor(ident: number) {
    super(ident, nameOf(ident), isDaemon(ident));
  }

  get output$(): Observable<Emitted<R>> {
    return remoteOutput(this.ident) as Observable<Emitted<R>>;
  }

  get progress$(): Observable<unknown> {
    return throwError(
      () => new ThreadError(`the progress of thread '${this.name}' is told where it was started, not here`),
    );
  }

  result(options: WaitOptions | undefined): Wait<Emitted<R>> {
    return remoteResult(this.ident, this.name, options) as Wait<Emitted<R>>;
  }

  cancel(reason: unknown): void {
    if (this.isAlive) this.cancelRequest.ask(this.ident, reason, undefined);
  }

  async terminate(): Promise<void> {
    if (this.ident === MAIN_IDENT) throw new ThreadError('cannot terminate the main thread');
    if (this.isAlive) await remoteTerminate(this.ident);
  }

  /** The thread that started it sees to that, once it is told; of the end EndWatch asks the table alone. */
  protected awaitEnd(): void {
    if (!this.#toldJoin && this.ident !== MAIN_IDENT && this.isAlive) remoteJoin(this.ident);
    this.#toldJoin = true;
  }

  /** Its values come over the event loop only. */
  protected drain(): void {}
}
