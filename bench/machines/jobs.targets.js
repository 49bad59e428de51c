import { currentJob } from 'rxjs-threading/redis';

export const echo = (n) => n;

/** Gives the ms since the epoch at which its cancel has reached it, to the file. */
export function wait(file) {
  const { signal } = currentJob();
  return new Promise((_, reject) => {
    signal.addEventListener('abort', async () => {
      const at = Date.now();
      const { writeFile } = await import('node:fs/promises');
      await writeFile(file, `${at}`);
      reject(signal.reason);
    });
  });
}
