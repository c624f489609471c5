// Loaded into a worker before it begins: notes for each payload when the worker called `spawn`, ms since the epoch.

const childProcess = require('node:child_process');
const { writeFileSync } = require('node:fs');

const { spawn } = childProcess;
const spawns = [];

childProcess.spawn = (file, words, options) => {
  spawns.push([options.env.DQ_PAYLOAD, performance.timeOrigin + performance.now()]);
  return spawn(file, words, options);
};
process.once('exit', () => writeFileSync(process.env.BENCH_SPAWNS, JSON.stringify(spawns)));
