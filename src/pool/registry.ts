import type { Thread } from './thread.js';

/** The one Thread object that each thread has in this one. */
const objects = new Map<number, WeakRef<Thread>>();
/** Those started here and not yet ended are not to be collected: somebody has to hear of their end. */
const kept = new Map<number, Thread>();
const collected = new FinalizationRegistry<number>((ident) => {
  if (objects.get(ident)?.deref() === undefined) objects.delete(ident);
});
let adopt: (ident: number) => Thread;

export function setAdopt(maker: (ident: number) => Thread): void {
  adopt = maker;
}

export function remember(ident: number, thread: Thread): void {
  objects.set(ident, new WeakRef(thread));
  collected.register(thread, ident);
}

export function keep(ident: number, thread: Thread): void {
  remember(ident, thread);
  kept.set(ident, thread);
}

export function letGo(ident: number): void {
  kept.delete(ident);
}

export function knownThread(ident: number): Thread | undefined {
  return objects.get(ident)?.deref();
}

export function threadOf(ident: number): Thread {
  const known = knownThread(ident);
  if (known !== undefined) return known;
  const thread = adopt(ident);
  remember(ident, thread);
  return thread;
}
