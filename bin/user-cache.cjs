// V8's code caches of a user whose Node isn't that of the build: written by their first run, read by all others.

const {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} = require('node:fs');
const { Script } = require('node:vm');

const folder = folderOf(process.env);
/** Path → the script that lacks it. */
const missing = new Map();

/** @param text begins with a comment that names the build: V8 compares no more than its length. */
function compiledForUser(name, filename, text) {
  const build = text.slice('/*'.length, text.indexOf('*/'));
  const path = folder && `${folder}/${name}.${build}`;
  const cachedData = path && readOwn(path);
  const script = new Script(text, { filename, cachedData });
  if (path && script.cachedDataRejected !== false) {
    if (missing.size === 0) process.once('exit', writeMissing);
    missing.set(path, script);
  }
  return script;
}

/** With the switch of Node's own cache, and where the XDG base directory specification has such files. */
function folderOf({ NODE_DISABLE_COMPILE_CACHE, XDG_CACHE_HOME, HOME }) {
  if (NODE_DISABLE_COMPILE_CACHE) return undefined;
  const home = XDG_CACHE_HOME?.startsWith('/') ? XDG_CACHE_HOME : HOME && `${HOME}/.cache`;
  return home && `${home}/dq/${process.version}-${process.arch}`;
}

/** What another user has laid there would be executed as this one. */
function readOwn(path) {
  let file;
  try {
    file = openSync(path);
  } catch {
    return undefined;
  }
  try {
    return fstatSync(file).uid === process.geteuid() ? readFileSync(file) : undefined;
  } finally {
    closeSync(file);
  }
}

/** After a run that went well: its functions are in them. */
function writeMissing(code) {
  if (code !== 0) return;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [path, script] of missing) {
      const draft = `${path}.${process.pid}`;
      writeFileSync(draft, script.createCachedData(), { mode: 0o600, flag: 'wx' });
      renameSync(draft, path);
    }
  } catch {
    // A read-only home: each start takes longer then, and does the same
  }
}

module.exports = { compiledForUser };
