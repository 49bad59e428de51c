import { currentThread } from 'rxjs-threading';

/** Stops when nobody waits for it any more. */
export function countPrimes(below) {
  const me = currentThread();
  let primes = 0;
  for (let n = 2; n < below && !me.cancelled; n++) {
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor++;
    if (divisor * divisor > n) primes++;
  }
  return primes;
}
