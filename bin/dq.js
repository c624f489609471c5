#!/usr/bin/env node
// Loads the command from one file, compiled already if V8's code cache fits this Node, and runs it.

const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const command = join(__dirname, '../dist/cli/dq.cjs');

/** @param {'help' | 'put'} name by what the cache was warmed: it holds whatever else those need, and no more. */
function cacheFile(name) {
  return `${command}.${name}.cache`;
}

function readCache() {
  try {
    // One word is a question, most of the time: --help, --version.
    return readFileSync(cacheFile(process.argv.length > 3 ? 'put' : 'help'));
  } catch {
    return undefined; // it is compiled anew each time then
  }
}

/** @param {Buffer | undefined} cachedData */
function load(cachedData) {
  // Plain ASCII: esbuild escapes the rest.
  return new Script(readFileSync(command, 'latin1'), { filename: command, cachedData });
}

/** The script is a function: it finds its packages from here as it would from its own folder. */
function run(script) {
  script.runInThisContext()(require, command);
}

if (require.main === module) run(load(readCache()));
else module.exports = { cacheFile, load, run };
