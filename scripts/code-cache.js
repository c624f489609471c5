// Writes the V8 code caches of the command's files, after runs of what has to start quickly: its functions are in them.
//
// With the word `put` it writes the one that only puts load, after puts alone.

import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
// What is in the caches shall be from these runs alone
process.env.NODE_DISABLE_COMPILE_CACHE = '1';
const { cacheFile, compiled, first, folder, run } = require('../bin/dq.cjs');

const words = process.argv.slice(2);
const isForPut = words.includes('put');
const temporary = mkdtempSync(join(tmpdir(), 'dq-build-'));
process.env.STATE_DIRECTORY = temporary;
// Whoever builds may have a cluster of their own
delete process.env.DQ_NODES;
delete process.env.DQ_REDIS;
delete process.env.DQ_TUBE;
try {
  const questions = isForPut ? [] : [['--version'], ['--help']];
  for (const call of [...questions, ...(await puts())]) await runToEnd(call);
  for (const name of isForPut ? [first] : files()) {
    writeFileSync(cacheFile(name, words), compiled(name).createCachedData());
  }
} finally {
  rmSync(temporary, { recursive: true });
}
process.reallyExit(0);

function files() {
  return readdirSync(folder).filter((name) => name.endsWith('.cjs'));
}

/** Into the embedded queue, by a configuration that isn't plain YAML, and to a server that obliges, by one that is. */
async function puts() {
  const port = await startServer();
  return [`'embedded'`, `[127.0.0.1:${port}]`].map((nodes, at) => {
    const file = join(temporary, `${at}.yaml`);
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
function runToEnd(call) {
  process.argv = [process.execPath, 'dq', ...call];
  return new Promise((resolve, reject) => {
    process.exit = (code) => {
      if (code === 0) resolve();
      else reject(new Error(`dq ${call.join(' ')} ended with ${code}`));
    };
    run();
  });
}
