import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Relative to the working directory, or a package's name and the path within. */
export function shortened(url: string): string {
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const [, inPackage] = /.*node_modules[\\/](.+)$/.exec(path) ?? [];
  if (inPackage !== undefined) return inPackage;
  const within = path.startsWith('/') ? relative(process.cwd(), path) : path;
  return within.startsWith('..') ? path : within;
}
