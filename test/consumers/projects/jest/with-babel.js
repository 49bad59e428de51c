const { writeFileSync } = require('node:fs');
const { spawnSync } = require('node:child_process');

writeFileSync(
  'babel.config.js',
  `module.exports = { presets: [['@babel/preset-env', { targets: { node: 'current' } }], '@babel/preset-typescript'] };`,
);
process.exitCode = spawnSync('jest', { stdio: 'inherit', shell: true }).status;
