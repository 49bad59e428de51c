import { readdirSync, readFileSync } from 'node:fs';

/** A user that nobody is, nor another process of tests, whose threads would count: root itself has no limit. */
const NOBODY = 60_000 + (process.pid % 5000);

/** The command that runs a program with so few threads allowed to it. Linux, with util-linux. */
export function withFewThreads(count: number): string[] {
  if (process.getuid?.() !== 0) return ['prlimit', `--nproc=${threadsOf(process.getuid?.() ?? -1) + count}`];
  const reading = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
  return [
    'setpriv',
    `--reuid=${NOBODY}`,
    `--regid=${NOBODY}`,
    '--clear-groups',
    ...reading,
    'prlimit',
    `--nproc=${count}`,
  ];
}

/** Those of all programs of a user, which the kernel counts together. */
function threadsOf(user: number): number {
  let threads = 0;
  for (const process of readdirSync('/proc')) {
    if (!/^\d+$/.test(process)) continue;
    try {
      const status = readFileSync(`/proc/${process}/status`, 'utf8');
      if (status.includes(`\nUid:\t${user}\t`)) threads += Number(/^Threads:\t(\d+)$/m.exec(status)?.[1]);
    } catch (error) {
      // It has ended since.
      if (
        (error as NodeJS.ErrnoException).code !== 'ENOENT' &&
        (error as NodeJS.ErrnoException).code !== 'ESRCH'
      )
        throw error;
    }
  }
  return threads;
}
