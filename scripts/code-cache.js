// Writes the V8 code caches of the command's files, after runs of what has to start quickly: its functions are in them.

import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const { cacheFile, compiled, folder, run } = require('../bin/dq.js');

const temporary = mkdtempSync(join(tmpdir(), 'dq-build-'));
process.env.STATE_DIRECTORY = temporary;
// Whoever builds may have a cluster of their own
delete process.env.DQ_NODES;
delete process.env.DQ_REDIS;
delete process.env.DQ_TUBE;
try {
  for (const words of [['--version'], ['--help'], ...(await puts())]) await runToEnd(words);
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.cjs'))) {
    const file = join(folder, name);
    writeFileSync(cacheFile(file), compiled(file).createCachedData());
  }
} finally {
  rmSync(temporary, { recursive: true });
}
process.reallyExit(0);

/** To a server that obliges, and into the embedded queue. */
async function puts() {
  const port = await startServer();
  return [['embedded'], [`[127.0.0.1:${port}]`]].map(([nodes], at) => {
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
function runToEnd(words) {
  process.argv = [process.execPath, 'dq', ...words];
  return new Promise((resolve, reject) => {
    process.exit = (code) => {
      if (code === 0) resolve();
      else reject(new Error(`dq ${words.join(' ')} ended with ${code}`));
    };
    run();
  });
}
