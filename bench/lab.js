// What the benches share: clusters, files of lines, the C client, and processes that are timed.

import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Processes } from '../scripts/processes.js';
import { Cluster } from './cluster.js';

export const dq = fileURLToPath(new URL('../bin/dq.cjs', import.meta.url));

/** As long as a command line: a job's payload, in bytes. */
const lineLength = 64;
/** The commands that the C client keeps in flight on each connection: more bring no more. */
const window = '1024';

export class Lab {
  #processes = new Processes('bench');
  #lines = new Map();
  /** The file of the C client; undefined without a C compiler. */
  pipe = this.#compile();

  get folder() {
    return this.#processes.folder;
  }

  path(name) {
    return join(this.folder, name);
  }

  /** The bench that started it closes it. */
  cluster(size) {
    return Cluster.start(this.#processes, size);
  }

  /** @returns {Promise<T>} what `work` resolves to, on a cluster of its own. @template T */
  async onCluster(size, work) {
    const cluster = await this.cluster(size);
    try {
      return await work(cluster);
    } finally {
      await cluster.close();
    }
  }

  /** The path of a file with so many lines, all different. */
  lines(count) {
    const known = this.#lines.get(count);
    if (known !== undefined) return known;
    const path = this.path(`lines-${count}`);
    writeFileSync(path, Array.from({ length: count }, (_, at) => `${lineOf(at)}\n`).join(''));
    this.#lines.set(count, path);
    return path;
  }

  /** Puts so many due jobs on each node; `delay` in seconds. @returns jobs/s, by the fastest client there is. */
  async fill(cluster, count, delay = 0) {
    const seconds =
      this.pipe === undefined
        ? await this.dq(cluster, ['put', '--lines', '--delay', `${delay}s`], this.lines(count))
        : await this.pipePut(cluster, count, delay);
    return count / seconds;
  }

  /** @returns seconds. */
  pipePut(cluster, count, delay = 0) {
    const words = ['put', window, `${delay}`, ...cluster.ports];
    return this.time(this.pipe, words, { stdin: this.lines(count) });
  }

  /** Every ready job, reserved and deleted. @returns seconds. */
  pipeDrain(cluster) {
    return this.time(this.pipe, ['drain', window, ...cluster.ports]);
  }

  /** @returns seconds; its stdout is in the file `out`, its stderr in `err`. */
  dq(cluster, words, stdin) {
    return this.time(process.execPath, [dq, ...words], { env: cluster.env, stdin });
  }

  /** Runs a process to its end. @returns seconds. @throws {Error} unless it exits with 0. */
  async time(file, words, { env = { PATH: process.env.PATH }, stdin = '/dev/null' } = {}) {
    const files = [
      openSync(stdin),
      openSync(this.path('out'), 'w'),
      openSync(this.path('err'), 'w'),
    ];
    const since = performance.now();
    const child = this.#processes.spawn(file, words, { env, stdio: files });
    files.forEach((each) => closeSync(each));
    const [code] = await once(child, 'exit');
    const seconds = (performance.now() - since) / 1_000;
    if (code === 0) return seconds;
    throw new Error(`${file} ${words.join(' ')}: exit ${code}: ${this.read('err')}`);
  }

  /** One that runs beside the bench until that ends it. */
  start(words, options) {
    return this.#processes.spawn(process.execPath, words, options);
  }

  read(name) {
    return readFileSync(this.path(name), 'utf8');
  }

  close() {
    return this.#processes.close();
  }

  #compile() {
    if (spawnSync('cc', ['--version']).error !== undefined) return undefined;
    const source = fileURLToPath(new URL('c/pipe.c', import.meta.url));
    execFileSync('cc', ['-O2', '-o', this.path('pipe'), source]);
    return this.path('pipe');
  }
}

export const noCompiler = 'no cc: the C client is missing';

export function lineOf(at) {
  return `${at}`.padStart(lineLength, '0');
}

/** Runs each round, in turn. @returns what they resolved to. */
export async function inTurn(rounds, round) {
  const results = [];
  for (let at = 0; at < rounds; at++) results.push(await round(at));
  return results;
}
