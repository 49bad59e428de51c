import type { Condition } from 'rxjs-threading';

const MADE = 0;
const TAKEN = 1;

function isAvailable(stock: Int32Array): boolean {
  return stock[MADE] !== stock[TAKEN];
}

function takeItem(stock: Int32Array): number {
  const item = (stock[TAKEN] ?? 0) + 1;
  stock[TAKEN] = item;
  return item;
}

/** What it yields is the thread's `output$`. */
export async function* consumeInWhile(
  condition: Condition,
  stock: Int32Array,
  items: number,
): AsyncGenerator<number> {
  for (let count = 0; count < items; count++) {
    let item: number;
    await condition.acquire();
    try {
      while (!isAvailable(stock)) await condition.wait();
      item = takeItem(stock);
    } finally {
      condition.release();
    }
    yield item;
  }
}

/** The same, with `waitFor` in the place of the loop and `using` in the place of try and finally. */
export async function* consumeByWaitFor(
  condition: Condition,
  stock: Int32Array,
  items: number,
): AsyncGenerator<number> {
  for (let count = 0; count < items; count++) {
    let item: number;
    {
      using _held = await condition.hold();
      await condition.waitFor(() => isAvailable(stock));
      item = takeItem(stock);
    }
    yield item;
  }
}
