import type { TestContext } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** How often what was tried. */
    tried?: Record<string, number>;
  }
}

/** Has a test's row of the table that ends a long run tell how often it did something. */
export function tried({ task }: Pick<TestContext, 'task'>, what: string, times: number): void {
  task.meta.tried ??= {};
  task.meta.tried[what] = (task.meta.tried[what] ?? 0) + times;
}
