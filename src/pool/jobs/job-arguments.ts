import type { TransferListItem } from 'node:worker_threads';
import { transferItems } from '../thread/thread-options.js';
import { cloning } from '../wire/clone-error.js';
import { encode } from '../wire/codec.js';
import { keepArgs } from '../wire/kept-args.js';
import type { Envelope } from '../wire/messages.js';
import { NOT_PLAIN, plainCopy } from '../wire/plain-copy.js';
import { traceParent } from '../wire/trace-parent.js';
import { movesWith } from '../wire/transfer.js';
import { type ContextStorage, captureContexts } from './job-contexts.js';
import type { CheckedRunOptions } from './run-options.js';

/** What a job of `run` is called with, where that is not plain values alone. */
export interface Parcel {
  readonly envelope: Envelope;
  readonly transfer: readonly TransferListItem[];
  readonly copied: boolean;
}

/** A copy of plain values; or a Parcel, whose values are copied by `copyParcel`. @throws TypeError naming what cannot be cloned */
export function packArguments(
  args: readonly unknown[],
  options: CheckedRunOptions,
  storages: readonly (readonly [string, ContextStorage])[],
): readonly unknown[] | Parcel {
  const plain = cloning(() => plainCopy(args));
  const contexts = captureContexts(storages);
  const traceparent = traceParent();
  const bare = contexts === undefined && traceparent === undefined;
  if (plain !== NOT_PLAIN && options.transferList.length === 0 && bare) return plain;
  const transfer = movesWith(transferItems(options), args);
  const envelope = {
    args: encode(args, transfer),
    ...(contexts && { contexts }),
    ...(traceparent && { traceparent }),
  };
  return { envelope, transfer, copied: false };
}

/** @throws what keeps it from being copied */
export function copyParcel(parcel: Parcel): Parcel {
  if (parcel.copied) return parcel;
  const { args, ...rest } = parcel.envelope;
  const kept = keepArgs({ args, transfer: parcel.transfer });
  return { envelope: { args: kept.args, ...rest }, transfer: kept.transfer, copied: true };
}

export function isParcel(args: readonly unknown[] | Parcel): args is Parcel {
  return !Array.isArray(args);
}
