import { writeFileSync } from 'node:fs';
import { currentJob } from 'rxjs-threading/redis';

export const echo = (n) => n;

/** As `echo`, where the token is an argument. */
export const fenced = ({ n }) => n;

/** Says in a file that it runs, and in another the ms since the epoch at which its cancel has reached it. */
export function wait(file) {
  const { signal } = currentJob();
  writeFileSync(`${file}.began`, '');
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      writeFileSync(`${file}.ended`, `${Date.now()}`);
      reject(signal.reason);
    });
  });
}
