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
  // A dq that was killed just now may still have made a file
  const patience = { maxRetries: 10, retryDelay: 100 };
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, ...patience });
});

/** A folder of its own, removed after the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dq-test-'));
  folders.add(folder);
  return folder;
}

/** Each worker of vitest has so many ports of its own, from `firstPort` on. */
const portsOfWorker = 5_000;
/** Below those that the kernel gives to who asks for any: while a server is down, nobody else gets its port. */
const firstPort = 12_000 + portsOfWorker * (Number(process.env['VITEST_POOL_ID'] ?? 0) % 4);
let tried = Math.floor(Math.random() * portsOfWorker);

export async function freePort(): Promise<number> {
  for (;;) {
    tried += 1;
    const port = firstPort + (tried % portsOfWorker);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
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
    for (;;) {
      const isUp = await answers(this.port);
      const end = child.exitCode ?? child.signalCode;
      if (end !== null) throw new Error(`${this.#command} ended (${end}) on port ${this.port}`);
      if (isUp) return this;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
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
 * @param binlog keeps its jobs over a restart (of the process: none is synced to disk).
 */
export async function startBeanstalkd(
  words: readonly string[] = [],
  { binlog = false } = {},
): Promise<Server> {
  const port = await freePort();
  const kept = binlog ? ['-b', temporaryFolder(), '-F'] : [];
  const all = ['-l', '127.0.0.1', '-p', String(port), ...kept, ...words];
  return new Server(port, 'beanstalkd', all).start();
}

/**
 * @param words more of Redis's options, such as `--maxmemory 2mb`.
 * @param keep keeps its data over a restart (of the process: no write is synced to disk).
 */
export async function startRedis(
  words: readonly string[] = [],
  { keep = false } = {},
): Promise<Server> {
  const port = await freePort();
  const kept = keep ? ['--appendonly', 'yes', '--appendfsync', 'no'] : ['--appendonly', 'no'];
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', temporaryFolder()];
  const all = [...place, '--save', '', ...kept, ...words];
  return new Server(port, 'redis-server', all).start();
}
