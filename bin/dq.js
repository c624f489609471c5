#!/usr/bin/env node
// Loads the command from one file, compiled already if V8's code cache fits this Node, and runs it.

const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

/**
 * The files of the command. `put` is a part of the whole: put and at, the help and the version. When something else is
 * wanted, it hands over.
 */
const whole = 'dq';
const part = 'put';

function load(file, cacheName) {
  const filename = join(__dirname, `../dist/cli/${file}.cjs`);
  // Plain ASCII: esbuild escapes the rest.
  const script = new Script(readFileSync(filename, 'latin1'), {
    filename,
    cachedData: readCache(cacheFile(file, cacheName)),
  });
  return { script, filename };
}

/** @param {string} name by what it was warmed: it holds whatever else that needs, and no more. */
function cacheFile(file, name) {
  return join(__dirname, `../dist/cli/${file}.${name}.cache`);
}

function readCache(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined; // it is compiled anew each time then
  }
}

/** The script is a function: it finds its packages from here as it would from its own folder. */
function run({ script, filename }) {
  script.runInThisContext()(require, filename, () => run(load(whole, 'put')));
}

/** A guess is enough. One word is a question, most of the time: --help, --version. */
function start(words) {
  if (words.length === 1) run(load(part, 'help'));
  else run(load(words.includes('put') || words.includes('at') ? part : whole, 'put'));
}

if (require.main === module) start(process.argv.slice(2));
else module.exports = { cacheFile, load, run };
