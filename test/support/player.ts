/** What takes part in the rounds. */
export interface Player {
  /** Called once a frame, first. */
  play?(frame: number): void;
  /** What the marbles say of the frames up to this one has happened. */
  settled(frame: number): boolean;
  /** Called at the end of each frame. */
  look?(frame: number): void;
  /** Called at the end of all, and then the checks. */
  end?(): void;
  check(): unknown;
}
