// What the demos share: lines of shell that are shown, run and told about.

import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const binary = fileURLToPath(new URL('../bin/dq.cjs', import.meta.url));

/** Runs a line of shell that begins with dq, and tells what it prints. @throws {Error} for any other exit code. */
export async function dq(processes, line, { expected = 0, onFirstOutput = () => undefined } = {}) {
  show(`dq ${line}`, '');
  const child = processes.spawn('sh', ['-c', `exec "$NODE" "$BINARY" ${line}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(processes.folder),
  });
  const closed = once(child, 'close');
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (text) => show(undefined, `${text}\n`));
  }
  child.stdout.once('data', onFirstOutput);
  const [code, signal] = await closed;
  if (processes.closed) throw new Error('it is over');
  if (code !== expected) throw new Error(`this dq ended with ${signal ?? `exit ${code}`}`);
}

/** Nothing that belongs to a dq of the user, and no CI: the configuration is that of the demo. */
function environment(folder) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(DQ_.*|CI)$/.test(name));
  return {
    ...Object.fromEntries(kept),
    NODE: process.execPath,
    BINARY: binary,
    STATE_DIRECTORY: join(folder, 'state'),
  };
}

export function instantIn(seconds) {
  return new Date(Date.now() + seconds * 1_000).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** What the handler wrote, without the time at which it did. */
export function runsIn(log) {
  const lines = log.trimEnd().split('\n');
  return lines.map((line) => line.slice('hh:mm:ss '.length));
}

export function say(text) {
  process.stdout.write(`\n${text}\n\n`);
}

export function show(command, output) {
  if (command !== undefined) process.stdout.write(`  $ ${command}\n`);
  process.stdout.write(output.replace(/^(?=.)/gm, '    '));
}
