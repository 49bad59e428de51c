import { Subject } from 'rxjs';
import { threadWide } from '../primitives/threads/thread-wide.js';
import type { Engine, EngineOperation } from './engine.js';
import { MemorySpace } from './memory/space.js';

interface Shared {
  readonly space: MemorySpace;
  /** By session. */
  readonly channels: Map<string, Set<Subject<string>>>;
}

/** Of this thread, by namespace. They last as long as it does, as a server would. */
const namespaces = threadWide('memory-engine', new Map<string, Shared>());

function sharedOf(namespace: string): Shared {
  let shared = namespaces.get(namespace);
  if (shared === undefined) {
    const channels: Shared['channels'] = new Map();
    const tell = (session: string, message: string): void => {
      queueMicrotask(() => {
        for (const told of channels.get(session) ?? []) told.next(message);
      });
    };
    shared = { space: new MemorySpace(tell), channels };
    namespaces.set(namespace, shared);
  }
  return shared;
}

/**
 * An engine in this thread, for `connection: 'memory'`: the same answers and messages as the script in Redis gives, and
 * nothing that is slow, cut or down. It survives nothing. All of a thread's that have the same namespace are one.
 */
export function memoryEngine(namespace: string): Engine {
  const { space, channels } = sharedOf(namespace);
  const told = new Subject<string>();
  let joined: string | undefined;

  function leaveChannel(): void {
    if (joined === undefined) return;
    const others = channels.get(joined);
    others?.delete(told);
    if (others?.size === 0) channels.delete(joined);
    joined = undefined;
  }

  return {
    told$: told.asObservable(),
    call: async (operation: EngineOperation, ...args: readonly string[]) => space.call(operation, args),
    join(session: string): void {
      leaveChannel();
      joined = session;
      const others = channels.get(session) ?? new Set();
      others.add(told);
      channels.set(session, others);
    },
    incarnation: async () => 'memory',
    async close(): Promise<void> {
      leaveChannel();
      told.complete();
    },
  };
}
