import type { Reporter, TestModule } from 'vitest/node';

/** Ends a long run with what was tried, how often and how long. */
export default class Table implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => ({
        test: test.fullName,
        tried: told(test.meta().tried),
        seconds: ((test.diagnostic()?.duration ?? 0) / 1000).toFixed(1),
        result: test.result().state,
      })),
    );
    for (const { test, tried, seconds, result } of rows) {
      console.log(
        [result.padEnd(7), `${seconds.padStart(7)} s`, test, tried].filter((cell) => cell !== '').join('  '),
      );
    }
  }
}

function told(tried: Record<string, number> | undefined): string {
  const parts = Object.entries(tried ?? {}).map(([what, times]) => `${times.toLocaleString('en')} ${what}`);
  return parts.length === 0 ? '' : `(${parts.join(', ')})`;
}
