// Real beanstalkd and Redis servers on free loopback ports, ended with the test file that started them.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const started = new Set<Server>();
const folders = new Set<string>();

afterAll(async () => {
  await Promise.all([...started].map((server) => server.kill()));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own, removed after the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dq-test-'));
  folders.add(folder);
  return folder;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  server.close();
  await once(server, 'close');
  return address.port;
}

/** One server process that can be killed, frozen and started again on its port with its data. */
export class Server {
  readonly port: number;
  readonly endpoint: string;
  readonly #command: string;
  readonly #words: readonly string[];
  #child: ChildProcess | undefined;

  constructor(port: number, command: string, words: readonly string[]) {
    this.port = port;
    this.endpoint = `127.0.0.1:${port}`;
    this.#command = command;
    this.#words = words;
    started.add(this);
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.#command} is not running`);
    return pid;
  }

  async start(): Promise<this> {
    const child = spawn(this.#command, this.#words, { stdio: 'ignore' });
    this.#child = child;
    await once(child, 'spawn');
    while (!(await answers(this.port))) {
      if (child.exitCode !== null) {
        throw new Error(`${this.#command} exited with ${child.exitCode} on port ${this.port}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this;
  }

  /** Ends it at once (SIGKILL), or with another signal; resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    if (signal !== 'SIGCONT') child.kill('SIGCONT');
    await gone;
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Frozen: it accepts connections (the kernel does) and never answers. */
  pause(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

/**
 * @param words more of beanstalkd's options, such as `-z 1000`.
 * @param binlog keeps its jobs over a restart (each one synced to disk).
 */
export async function startBeanstalkd(
  words: readonly string[] = [],
  { binlog = false } = {},
): Promise<Server> {
  const port = await freePort();
  const kept = binlog ? ['-b', temporaryFolder(), '-f0'] : [];
  const all = ['-l', '127.0.0.1', '-p', String(port), ...kept, ...words];
  return new Server(port, 'beanstalkd', all).start();
}

/**
 * @param words more of Redis's options, such as `--maxmemory 2mb`.
 * @param keep keeps its data over a restart (appendonly, each write synced).
 */
export async function startRedis(
  words: readonly string[] = [],
  { keep = false } = {},
): Promise<Server> {
  const port = await freePort();
  const kept = keep ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', temporaryFolder()];
  const all = [...place, '--save', '', ...kept, ...words];
  return new Server(port, 'redis-server', all).start();
}
