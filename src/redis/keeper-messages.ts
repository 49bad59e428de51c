import type { MessagePort } from 'node:worker_threads';
import type { Cells } from '../primitives/memory/word.js';
import type { EngineOperation } from './engine.js';

/** A hold, as the engine is told of it: thing, number, token, permits of the thing. */
export type ToldHold = readonly [string, string, string, string];

/** What the session says to its keeper. */
export type ToKeeper =
  /** Become this session. */
  | { readonly kind: 'join'; readonly session: string; readonly cells: Cells; readonly info: object }
  /** This thread talks to that incarnation, and waits until the session is announced there. */
  | { readonly kind: 'reached'; readonly run: string }
  /** All that is held. `now`: the engine is to be told at once, because it may have forgotten some. */
  | { readonly kind: 'holds'; readonly holds: readonly ToldHold[]; readonly now: boolean }
  /** Whether anything waits, and so wants to know of deaths at once. */
  | { readonly kind: 'waiting'; readonly waiting: boolean }
  | { readonly kind: 'info'; readonly info: object }
  /** Of a worker, which talks to the engine by its keeper: see keeper-calls.ts. */
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly operation: EngineOperation;
      readonly args: readonly string[];
    }
  | { readonly kind: 'incarnation'; readonly id: number; readonly anew: boolean }
  | {
      readonly kind: 'replicated';
      readonly id: number;
      readonly run: string;
      readonly replicas: number;
      readonly ms: number;
    }
  | { readonly kind: 'block'; readonly blocked: Blocked }
  /** The process ends, with what it holds. */
  | { readonly kind: 'exit' }
  /** The session ends, and the keeper. */
  | { readonly kind: 'end' };

/** What the keeper says to its session. */
export type FromKeeper =
  /** The incarnation has the session, and of the holds those in `told`. */
  | {
      readonly kind: 'announced';
      readonly session: string;
      readonly run: string;
      readonly epoch: number;
      readonly told: readonly string[];
    }
  /** Another incarnation is about to be told of what is held. */
  | { readonly kind: 'restarted' }
  /** The engine has the session, and so many entries of it. */
  | { readonly kind: 'renewed'; readonly session: string; readonly entries: number; readonly took: number }
  /** Holds that the engine has given to others. */
  | { readonly kind: 'lost'; readonly session: string; readonly numbers: readonly string[] }
  /** A hold that the engine had forgotten and has again. */
  | { readonly kind: 'back'; readonly session: string; readonly number: string; readonly thing: string }
  /** To a worker: of its question, and what the engine has told. */
  | { readonly kind: 'answered'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'told'; readonly hint: string }
  | { readonly kind: 'cut' }
  | { readonly kind: 'over'; readonly session: string }
  /** The keeper itself has failed, and its session cannot be renewed. */
  | { readonly kind: 'failed'; readonly session: string }
  | { readonly kind: 'refused'; readonly message: string }
  /** The engine can be used, and may lose what it should not. */
  | { readonly kind: 'warned'; readonly message: string }
  | { readonly kind: 'ended' };

/** What a question to the engine that went by the keeper has come to. */
export type Answer =
  | { readonly reply: readonly string[] }
  | { readonly failed: string; readonly outOfReach: boolean; readonly lost: boolean };

/** A wait of a thread that is blocked. As a Request of remote-wait.ts, but for its functions. */
export interface Blocked {
  readonly session: string;
  readonly number: string;
  readonly operation: EngineOperation;
  readonly key: string;
  readonly args: readonly string[];
  readonly acknowledged: boolean;
  readonly expiring: { readonly operation: EngineOperation; readonly args: readonly string[] } | undefined;
  /** ms; Infinity: for ever. */
  readonly timeout: number;
  /** 1: what has come of it lies in `port`. */
  readonly cells: Cells;
  readonly port: MessagePort;
}

/** What has come of it. */
export interface Unblocked {
  /** undefined: its time was up. */
  readonly answer: Answer | undefined;
  /** The incarnation of the engine that the session was announced to last, and which one that is. */
  readonly run: string;
  readonly epoch: number;
}
