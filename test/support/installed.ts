import { cpSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** A folder of its own in which the built package is installed: a copy of it, beside links to what it needs. */
export function installed(): string {
  const folder = mkdtempSync(join(tmpdir(), 'installed-'));
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  for (const name of ['dist', 'package.json'])
    cpSync(join(root, name), join(modules, 'rxjs-threading', name), { recursive: true });
  for (const name of ['rxjs', 'piscina', 'tslib'])
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  return folder;
}
