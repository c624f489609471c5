// Writes V8's code cache of the command, made after a put to a server that obliges: what a put needs is compiled in it.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const { command, load, run } = require('../bin/load.js');

const server = createServer((socket) => {
  socket.on('data', (bytes) => {
    const commands = bytes.toString('latin1');
    if (commands.includes('use ')) socket.write('USING default\r\n');
    if (commands.includes('put ')) socket.write('INSERTED 1\r\n');
  });
  socket.on('error', () => undefined);
}).listen(0, '127.0.0.1');
await once(server, 'listening');

const folder = mkdtempSync(join(tmpdir(), 'dq-build-'));
const configuration = join(folder, 'dqrc.yaml');
writeFileSync(configuration, `nodes:\n  - 127.0.0.1:${server.address().port}\n`);

const script = load(undefined);
process.argv = [
  process.argv[0],
  'dq',
  'put',
  '--quiet',
  '-c',
  configuration,
  '--delay',
  '5s',
  'hi',
];
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = () => true;
process.exit = (code) => {
  process.stdout.write = write;
  rmSync(folder, { recursive: true });
  if (code === 0) writeFileSync(`${command}.cache`, script.createCachedData());
  else process.stderr.write(`the put that warms the code cache ended with ${code}\n`);
  process.reallyExit(code);
};
run(script);
