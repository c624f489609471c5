#!/usr/bin/env node
// Loads the files of the command as they are wanted, compiled already if V8's code caches fit this Node, and runs it.

const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const folder = join(__dirname, '../dist/command/');
const first = './dq.cjs';
const scripts = new Map();

/** Each file is a function: it finds its packages from here as it would from its own folder. */
function run() {
  const loaded = new Map();
  const load = (name) => {
    if (!name.startsWith('./')) return require(name);
    const before = loaded.get(name);
    if (before !== undefined) return before;
    const exports = {};
    loaded.set(name, exports);
    const file = join(folder, name);
    compiled(file).runInThisContext()(load, exports, file);
    return exports;
  };
  load.resolve = require.resolve;
  load(first);
}

function compiled(file) {
  let script = scripts.get(file);
  if (script === undefined) {
    // Plain ASCII: the build escapes the rest.
    const source = readFileSync(file, 'latin1');
    script = new Script(source, { filename: file, cachedData: readCache(cacheFile(file)) });
    scripts.set(file, script);
  }
  return script;
}

function cacheFile(file) {
  return `${file}.cache`;
}

function readCache(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined; // it is compiled anew each time then
  }
}

if (require.main === module) run();
else module.exports = { cacheFile, compiled, folder, run };
