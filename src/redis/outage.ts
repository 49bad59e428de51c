/** Why the engine is out of reach, or refuses, until it answers again. The same comes of each connection, with each attempt. */
export class Outage {
  readonly #told = new Set<string>();
  readonly #tell: (error: unknown) => void;

  /** @param tell - called once for each message */
  constructor(tell: (error: unknown) => void) {
    this.#tell = tell;
  }

  tell(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#tell(error);
  }

  /** The engine has answered: what goes wrong from now on is told again. */
  over(): void {
    this.#told.clear();
  }
}
