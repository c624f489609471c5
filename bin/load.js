// Loads the command from one file, compiled already if V8's code cache fits this Node.

const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

const command = join(__dirname, '../dist/cli/dq.cjs');

/** @param {Buffer | undefined} cachedData */
function load(cachedData) {
  // Plain ASCII: esbuild escapes the rest.
  const source = readFileSync(command, 'latin1');
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
  return new Script(wrapped, { filename: command, cachedData });
}

function readCache() {
  try {
    return readFileSync(`${command}.cache`);
  } catch {
    return undefined; // it is compiled anew each time then
  }
}

/** @param {Script} script */
function run(script) {
  const module = { exports: {} };
  const start = script.runInThisContext();
  start(module.exports, createRequire(command), module, command, dirname(command));
}

module.exports = { command, load, readCache, run };
