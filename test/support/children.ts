import type { ChildProcess } from 'node:child_process';

const running = new Set<ChildProcess>();

function kill(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Vitest ends its processes so, of which 'exit' tells nothing. */
function terminate(): void {
  kill();
  process.off('SIGTERM', terminate);
  process.kill(process.pid, 'SIGTERM');
}

/** Kills it by its pid when this process ends before it, as after a test that has failed. */
export function endWithTest<Child extends ChildProcess>(child: Child): Child {
  // While there are any: files that share a process each have a copy of this one.
  if (running.size === 0) process.on('exit', kill).on('SIGTERM', terminate);
  running.add(child);
  child.once('exit', () => {
    running.delete(child);
    if (running.size === 0) process.off('exit', kill).off('SIGTERM', terminate);
  });
  return child;
}
