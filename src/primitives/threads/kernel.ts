import { existsSync, readlinkSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/** Whether the kernel tells which threads exist, without help of any event loop: Linux does, in /proc. */
export const kernelTells: boolean = process.platform === 'linux';

let native: number | null | undefined;

/** The kernel's id of the thread that runs this code; null where the platform does not tell it. */
export function nativeId(): number | null {
  if (native === undefined) native = readNativeId();
  return native;
}

function readNativeId(): number | null {
  // A process's first thread has the process's number.
  if (isMainThread) return process.pid;
  if (!kernelTells) return null;
  return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
}

/** Whether the thread still exists; true where the platform does not tell. */
export function kernelHas(id: number): boolean {
  return !kernelTells || existsSync(`/proc/self/task/${id}`);
}
