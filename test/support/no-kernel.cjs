// A preload: to this library alone, the platform is one that does not tell which threads exist. Works in main, in
// workers and in children, where NODE_OPTIONS names it.
const { join, sep } = require('node:path');

const real = process.platform;
const root = join(__dirname, '..', '..');
const own = [join(root, 'dist') + sep, join(root, 'src') + sep];

/** Whether the code that asks is the library's: the frame after this one and the getter's. */
function asksItself() {
  const [, , , frame = ''] = String(new Error().stack).split('\n');
  return own.some((folder) => frame.includes(folder));
}

Object.defineProperty(process, 'platform', {
  configurable: true,
  enumerable: true,
  get: () => (asksItself() ? 'darwin' : real),
});
