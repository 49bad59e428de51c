/** Why the engine is out of reach, until it is reached again. The same comes of each connection, with each attempt. */
export class Outage {
  readonly #told = new Set<string>();
  readonly #tell: (error: Error) => void;

  /** @param tell - called once for each message */
  constructor(tell: (error: Error) => void) {
    this.#tell = tell;
  }

  tell(error: Error): void {
    if (this.#told.has(error.message)) return;
    this.#told.add(error.message);
    this.#tell(error);
  }

  /** The engine has answered: what goes wrong from now on is told again. */
  over(): void {
    this.#told.clear();
  }
}
