import { setTimeout as pause } from 'node:timers/promises';
import { reportProgress } from 'rxjs-threading';
import { currentJob } from 'rxjs-threading/redis';

export const add = (a: number, b: number): number => a + b;

export function* countTo(most: number): Generator<number> {
  for (let n = 1; n <= most; n++) yield n;
}

export async function tell(of: string): Promise<string> {
  reportProgress(`began ${of}`);
  await pause(1);
  return `${currentJob()?.token ?? 0n}`;
}
