// Writes V8's code cache of a file of the command, made after the runs whose functions are to be in it.
//
// node scripts/code-cache.js FILE put      two puts: to a server that obliges, and into the embedded queue
// node scripts/code-cache.js FILE help     the help and the version

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const { cacheFile, load, run } = require('../bin/dq.js');

const [file, name] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'dq-build-'));
process.env.STATE_DIRECTORY = folder;
// Whoever builds may have a cluster of their own
delete process.env.DQ_NODES;
delete process.env.DQ_REDIS;
delete process.env.DQ_TUBE;
rmSync(cacheFile(file, name), { force: true });
const loaded = load(file, name);
try {
  const lines = name === 'put' ? await puts() : [['--version'], ['--help']];
  for (const words of lines) await runToEnd(words);
  writeFileSync(cacheFile(file, name), loaded.script.createCachedData());
} finally {
  rmSync(folder, { recursive: true });
}
process.reallyExit(0);

async function puts() {
  const port = await startServer();
  return [['embedded'], [`[127.0.0.1:${port}]`]].map(([nodes], at) => {
    const file = join(folder, `${at}.yaml`);
    writeFileSync(file, `nodes: ${nodes}\nredis: redis://127.0.0.1:6379\n`);
    return ['put', '--quiet', '-c', file, '--delay', '5s', 'hi'];
  });
}

async function startServer() {
  const server = createServer((socket) => {
    socket.on('data', (bytes) => {
      const commands = bytes.toString('latin1');
      if (commands.includes('use ')) socket.write('USING default\r\n');
      if (commands.includes('put ')) socket.write('INSERTED 1\r\n');
    });
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

/** Resolves when the command would end the process. */
function runToEnd(words) {
  process.argv = [process.execPath, 'dq', ...words];
  return new Promise((resolve, reject) => {
    process.exit = (code) => {
      if (code === 0) resolve();
      else reject(new Error(`dq ${words.join(' ')} ended with ${code}`));
    };
    run(loaded);
  });
}
