#!/usr/bin/env node
// Loads the files of the command as they are wanted, compiled already by V8's code caches, and runs it.
//
// Those of the build fit its own version of Node alone; for another there are a user's own.
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
    // Plain ASCII: the build escapes the rest.
    const text = readFileSync(filename).toString('latin1');
    const cachedData = readCache(cacheFile(name, process.argv));
    script = cachedData
      ? new Script(text, { filename, cachedData })
      : require('./user-cache.cjs').compiledForUser(cacheName(name, process.argv), filename, text);
    scripts.set(name, script);
  }
  return script;
}

function cacheFile(name, words) {
  return `${folder}${cacheName(name, words)}.${process.version}-${process.arch}.cache`;
}

/** Of the first file a put has its own: the less is in it, the sooner it is loaded. A guess is enough. */
function cacheName(name, words) {
  return name === first && words.includes('put') ? `${name}.put` : name;
}

function readCache(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined; // the build was by another Node
  }
}

if (require.main === module) run();
else module.exports = { cacheFile, compiled, first, folder, run };
