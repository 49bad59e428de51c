const { currentThread, reportProgress } = require('rxjs-threading');

/** @returns {string} */
exports.whoAmI = function whoAmI() {
  reportProgress('asked');
  return currentThread().name;
};
