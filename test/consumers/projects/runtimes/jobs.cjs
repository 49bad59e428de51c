const { currentThread, withLock } = require('rxjs-threading');

exports.whoAmI = (lock) => {
  if (!lock.acquireSync() || withLock(lock, (value) => [value]) === undefined)
    throw new Error('not a lock of ours');
  return currentThread().name;
};
