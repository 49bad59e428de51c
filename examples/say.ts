/**
 * Prints a line, and resolves when it is out. What a worker prints goes through main's event loop and may come late;
 * whoever tells another thread to go on, and wants to be seen first, waits for this.
 */
export function say(line: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(`${line}\n`, () => resolve());
  });
}
