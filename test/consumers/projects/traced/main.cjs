const { run } = require('./run.cjs');

run(require('rxjs-threading'), require('rxjs-threading/monitor'), require('rxjs'));
