import { isMainThread } from 'node:worker_threads';

// Not imported: for all that an ES module exports of it, Node 22 and later load its streams, 2 ms in each new worker.
const { existsSync, readdirSync, readlinkSync } = process.getBuiltinModule('node:fs');

let tells: boolean | undefined;
let native: number | null | undefined;

/**
 * Whether the kernel tells of this process's threads, without help of any event loop: on Linux alone, and only where /proc
 * can be read. A container may not have it, a sandbox or Node's permission model may not allow it.
 */
export function kernelTells(): boolean {
  tells ??= process.platform === 'linux' && canSee(nativeId());
  return tells;
}

function canSee(id: number | null): boolean {
  try {
    return id !== null && existsSync(`/proc/self/task/${id}`);
  } catch {
    // Node 20's permission model throws where later ones say no.
    return false;
  }
}

/** The kernel's id of the thread that runs this code; null where the platform does not tell it. */
export function nativeId(): number | null {
  if (native === undefined) native = readNativeId();
  return native;
}

function readNativeId(): number | null {
  // That of a process's first thread is the process's.
  if (isMainThread) return process.pid;
  if (process.platform !== 'linux') return null;
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  } catch {
    return null;
  }
}

/** Whether the thread still exists; true where the kernel does not tell. */
export function kernelHas(id: number): boolean {
  return !kernelTells() || existsSync(`/proc/self/task/${id}`);
}

/**
 * What the kernel tells of the threads that `start` starts: how to ask, later and again, whether one of them still exists;
 * it says so of one that another thread happened to start meanwhile, and where the kernel does not tell.
 */
export function watchStarted<T>(start: () => T): readonly [started: T, exists: () => boolean] {
  if (!kernelTells()) return [start(), () => true];
  const before = new Set(readdirSync('/proc/self/task'));
  const started = start();
  const after = readdirSync('/proc/self/task').filter((id) => !before.has(id));
  return [started, () => after.some((id) => kernelHas(Number(id)))];
}
