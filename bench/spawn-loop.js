// The least a handler costs in Node: each line of stdin given to a /bin/true, so many at once. Prints the seconds.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

const width = Number(process.argv[2]);
const lines = (await text(process.stdin)).split('\n').slice(0, -1);
const since = performance.now();
const lane = async () => {
  for (let line = lines.pop(); line !== undefined; line = lines.pop()) {
    const child = spawn('/bin/true', { stdio: ['pipe', 'inherit', 'inherit'] });
    // It may end before it has read.
    child.stdin.on('error', () => undefined).end(line);
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`exit ${code}`);
  }
};
await Promise.all(Array.from({ length: width }, lane));
process.stdout.write(`${(performance.now() - since) / 1_000}\n`);
