// Loaded into a worker before it begins: notes for each payload when the worker called posix_spawn, ms since the epoch.

const { writeFileSync } = require('node:fs');
const koffi = require('koffi');

const { load } = koffi;
const spawns = [];
const named = 'DQ_PAYLOAD=';

koffi.load = (path) => {
  const library = load(path);
  return { func: (prototype) => noting(prototype, library.func(prototype)) };
};

function noting(prototype, call) {
  if (!prototype.includes('posix_spawnp(')) return call;
  const async = (...words) => {
    const payload = words[5].find((variable) => variable?.startsWith(named)).slice(named.length);
    spawns.push([payload, performance.timeOrigin + performance.now()]);
    return call.async(...words);
  };
  return { async };
}

process.once('exit', () => writeFileSync(process.env.BENCH_SPAWNS, JSON.stringify(spawns)));
