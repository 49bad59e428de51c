import { reportProgress } from 'rxjs-threading';

/** Reports after each twentieth. */
export function countPrimes(below: number): number {
  let primes = 0;
  for (let twentieth = 1; twentieth <= 20; twentieth++) {
    const from = Math.ceil((below * (twentieth - 1)) / 20);
    const to = Math.ceil((below * twentieth) / 20);
    for (let number = from; number < to; number++) if (isPrime(number)) primes++;
    reportProgress(twentieth / 20);
  }
  return primes;
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return number > 1;
}
