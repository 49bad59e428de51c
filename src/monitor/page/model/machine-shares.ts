import type { NamespaceInfo, RemoteHolder, RemoteInfo, RemoteWaiter } from '../../namespace-info.js';

/** What one process has and waits for. */
export interface Shares {
  readonly holds: readonly { readonly thing: RemoteInfo; readonly holder: RemoteHolder }[];
  readonly waits: readonly { readonly thing: RemoteInfo; readonly waiter: RemoteWaiter }[];
}

export function sharesOf(session: string, { things }: NamespaceInfo): Shares {
  return {
    holds: things.flatMap((thing) =>
      thing.holders.filter((one) => one.session === session).map((holder) => ({ thing, holder })),
    ),
    waits: things.flatMap((thing) =>
      thing.waiters.filter((one) => one.session === session).map((waiter) => ({ thing, waiter })),
    ),
  };
}
