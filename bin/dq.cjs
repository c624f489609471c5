#!/usr/bin/env node
// Loads the files of the command as they are wanted, compiled already if V8's code caches fit this Node, and runs it.
//
// Of a file that ends in .js Node would look up in a package.json whether it is a module.

const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const folder = `${__dirname.slice(0, -'bin'.length)}dist/command/`;
const first = 'dq.cjs';
const scripts = new Map();

/** Each file is a function: it finds its packages from here as it would from its own folder. */
function run() {
  const loaded = new Map();
  const load = (path) => {
    if (!path.startsWith('./')) return require(path);
    const before = loaded.get(path);
    if (before !== undefined) return before;
    const exports = Object.create(null); // a hash table from the start
    loaded.set(path, exports);
    const name = path.slice('./'.length);
    compiled(name).runInThisContext()(load, exports, folder + name);
    return exports;
  };
  load.resolve = require.resolve;
  load(`./${first}`);
}

function compiled(name) {
  let script = scripts.get(name);
  if (script === undefined) {
    const filename = folder + name;
    const cachedData = readCache(cacheFile(name, process.argv));
    // Plain ASCII: the build escapes the rest.
    script = new Script(readFileSync(filename).toString('latin1'), { filename, cachedData });
    scripts.set(name, script);
  }
  return script;
}

/** Of the first file a put has its own: the less is in it, the sooner it is loaded. A guess is enough. */
function cacheFile(name, words) {
  const part = name === first && words.includes('put') ? '.put' : '';
  return `${folder}${name}${part}.cache`;
}

function readCache(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined; // it is compiled anew each time then
  }
}

if (require.main === module) run();
else module.exports = { cacheFile, compiled, first, folder, run };
