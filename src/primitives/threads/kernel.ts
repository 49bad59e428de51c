import { existsSync, readlinkSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/** What the kernel tells of threads, without help of any event loop: on Linux alone. */
export const kernelTells: boolean = process.platform === 'linux';

let native: number | null | undefined;

/** The kernel's id of the thread that runs this code; null where the platform does not tell it. */
export function nativeId(): number | null {
  if (native === undefined) native = readNativeId();
  return native;
}

function readNativeId(): number | null {
  // That of a process's first thread is the process's.
  if (isMainThread) return process.pid;
  if (!kernelTells) return null;
  return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
}

/** Whether the thread still exists; true where the platform does not tell. */
export function kernelHas(id: number): boolean {
  return !kernelTells || existsSync(`/proc/self/task/${id}`);
}
