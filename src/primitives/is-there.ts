// Not imported: see threads/kernel.ts.
const { statSync } = process.getBuiltinModule('node:fs');

/**
 * Whether the program can come to that file or folder. Not by `existsSync`, which asks for the rights of the real user: who may
 * read by a capability, as services do, would hear that nothing is there.
 */
export function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
