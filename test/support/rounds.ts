// Marbles with real workers. TestScheduler's notation and a virtual clock drive the source and the sink; a frame is a
// round, which ends when what the marbles say of it has happened, and nothing more does.
import { type Observable, VirtualTimeScheduler } from 'rxjs';
import { type Job, JobRow } from './job-row.js';
import { HotRow, Sink } from './marble-rows.js';
import { Peer, type Step } from './peer.js';
import type { Player } from './player.js';
import { turns } from './turns.js';

export interface Rounds {
  readonly scheduler: VirtualTimeScheduler;
  hot(marbles: string): Observable<string>;
  /** What a worker does with a value, by value. ^: it has begun; !: it is let end; #: and fails; x: it is stopped. */
  jobs(marbles: Readonly<Record<string, string>>): (value: string) => Job;
  /** Another thread, which does at each mark what stands for it. */
  peer(marbles: string, steps: Readonly<Record<string, Step>>): void;
  /** Left at the mark ! of `leave`. */
  expectObservable(source: Observable<unknown>, leave?: string): Expectation;
}

export interface Expectation {
  /** @param values - what marks stand for. An error is its text. */
  toBe(marbles: string, values?: Readonly<Record<string, unknown>>, error?: string): void;
}

/** How long all rounds may take until what is missing is told, and how long a frame listens for what should not come, in ms. */
const PATIENCE = 15_000;
const LISTEN = 3;

export async function inRounds(act: (rounds: Rounds) => void): Promise<void> {
  const scheduler = new VirtualTimeScheduler();
  const players: Player[] = [];
  const enlist = <P extends Player>(player: P): P => {
    players.push(player);
    return player;
  };
  let last = 0;
  const long = (marbles: string): string => {
    last = Math.max(last, marbles.replaceAll(' ', '').length);
    return marbles;
  };
  act({
    scheduler,
    hot: (marbles) => enlist(new HotRow(long(marbles))).subject,
    jobs: (marbles) => {
      const rows = new Map(
        Object.entries(marbles).map(([value, row]) => [value, enlist(new JobRow(value, long(row)))]),
      );
      return (value) => (rows.get(value) as JobRow).job;
    },
    peer: (marbles, steps) => {
      enlist(new Peer(long(marbles), steps));
    },
    expectObservable: (source, leave = '') => ({
      toBe: (marbles, values, error) => {
        enlist(new Sink(source, long(leave), { marbles: long(marbles), values, error }));
      },
    }),
  });
  // Sinks subscribe before a source of the same frame emits.
  players.sort((a, b) => Number(b instanceof Sink) - Number(a instanceof Sink));
  const end = performance.now() + PATIENCE;
  for (let frame = 0; frame <= last; frame++) {
    scheduler.frame = frame;
    scheduler.maxFrames = frame;
    for (const player of players) player.play?.(frame);
    scheduler.flush();
    const settled = () => players.every((player) => player.settled(frame));
    while (!settled() && performance.now() < end) await turns(1);
    await new Promise((resolve) => setTimeout(resolve, LISTEN));
    for (const player of players) player.look?.(frame);
    // The marbles will tell why.
    if (!settled()) break;
  }
  for (const player of players) player.end?.();
  // Why nothing came, before that it did not come.
  for (const player of players.toReversed()) await player.check();
}
