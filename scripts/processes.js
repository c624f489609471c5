// The processes and the temporary folder of a demo or a benchmark, all gone when it is over.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a process may take to end by itself, in ms. */
const grace = 3_000;

export class Processes {
  /** Nothing new starts any more. */
  closed = false;
  folder;
  #children = new Set();

  /** @param {string} purpose is in the folder's name */
  constructor(purpose = 'demo') {
    this.folder = mkdtempSync(join(tmpdir(), `dq-${purpose}-`));
  }

  /**
   * @param {string} file
   * @param {readonly string[]} words
   * @param {import('node:child_process').SpawnOptions} options
   */
  spawn(file, words, options = {}) {
    if (this.closed) throw new Error('it is over');
    const child = spawn(file, words, { cwd: this.folder, ...options });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Resolves as soon as it takes connections on its port. */
  async startServer(file, words, port) {
    const child = this.spawn(file, words, { stdio: 'ignore' });
    await once(child, 'spawn');
    while (!(await answers(port))) {
      if (hasEnded(child)) throw new Error(`${file} didn't start on port ${port}`);
      await sleep(10);
    }
    return child;
  }

  /** Ends all that still runs, the latest first (a worker before its servers), and removes the folder. */
  async close() {
    this.closed = true;
    for (const child of [...this.#children].reverse()) await end(child);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Gently at first; resolves when it is gone. */
export async function end(child) {
  if (hasEnded(child) || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await Promise.race([gone, sleep(grace, undefined, { ref: false })]);
  child.kill('SIGKILL');
  await gone;
}

export function hasEnded(child) {
  return child.exitCode !== null || child.signalCode !== null;
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
