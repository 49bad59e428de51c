const assert = require('node:assert/strict');
const { join } = require('node:path');
const { Lock, Thread } = require('rxjs-threading');

async function main() {
  const own = new Lock();
  const { withLock } = await import('rxjs-threading');
  const { firstValueFrom, of } = await import('rxjs');
  assert.equal(await firstValueFrom(of(1).pipe(withLock(own, () => of(own.locked())))), true);
  const target = { module: join(__dirname, 'jobs.cjs'), export: 'whoAmI' };
  assert.equal(await new Thread({ target, args: [own], name: 'cjs' }).start().result(), 'cjs');
  assert.equal(own.locked(), true);
  console.log('by require');
}
main();
