import type { NamespaceInfo } from './namespace-info.js';
import type {
  Finding,
  Inspection,
  LimitsInfo,
  PoolInfo,
  PrimitiveInfo,
  ProcessInfo,
  ThreadInfo,
  WaitInfo,
} from './types.js';

/**
 * What `GET events` sends, as server-sent events: `event:` is the kind, `id:` the number, `data:` the rest as JSON.
 *
 * First a snapshot, or, to one that comes back with a Last-Event-ID of the last 30 s, one delta over what it missed. Ten
 * deltas a second at most; a reader that is slower than that gets fewer and larger ones, never a backlog. A comment every
 * 5 s when there is nothing to say; a reader that hears nothing for 12 s says so and connects again.
 */
export type MonitorMessage =
  | { readonly kind: 'snapshot'; readonly now: Inspection }
  | {
      readonly kind: 'delta';
      readonly time: number;
      readonly threads: Delta<ThreadInfo, 'ident'>;
      readonly primitives: Delta<PrimitiveInfo, 'id'>;
      readonly pools: Delta<PoolInfo, 'id'>;
      readonly waits: Delta<WaitInfo, 'id'>;
      readonly namespaces: Delta<NamespaceInfo, 'session'>;
      /** As they are now, if they have changed. */
      readonly findings?: readonly Finding[];
      readonly process?: ProcessInfo;
      readonly limits?: LimitsInfo;
    }
  /** What has happened since; `lost`: how many were overwritten before they were read. */
  | { readonly kind: 'events'; readonly events: readonly MonitorEvent[]; readonly lost: number }
  /** The process ends; there is nothing to connect to any more. */
  | { readonly kind: 'bye'; readonly code: number };

/** What has changed of a list since the message before. */
export interface Delta<T, K extends keyof T> {
  /** New ones whole; of others the key and the fields that have changed. */
  readonly set: readonly (Pick<T, K> & Partial<T>)[];
  /** Keys of those that are not there any more. */
  readonly gone: readonly T[K][];
}

/** What a thread did, for lanes and timelines. Written to a ring in shared memory, so that writers wait for nobody. */
export interface MonitorEvent {
  /** ms since the epoch. */
  readonly time: number;
  /** Of the thread that it is about. */
  readonly ident: number;
  readonly event:
    | 'start'
    | 'end'
    | 'killed'
    | 'wait'
    | 'woken'
    | 'timeout'
    | 'left'
    | 'release'
    | 'notify'
    | 'set'
    | 'finding';
  /** `id` of the primitive, if it is about one; negative: the ident of a thread that is joined. */
  readonly primitive: number | null;
  /** Of 'wait': who has it; of 'woken': who released it, if that is known. */
  readonly by: number | null;
  /** Of a wait and of its end. */
  readonly face: 'blocking' | 'observable' | null;
}
