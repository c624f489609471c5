// A folder with a configuration, where dq is run: what the CLI tests need of a cluster, whatever kind it is.

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dq, lines, startDq, type Around, type Ran, type RunningDq } from './cli.ts';
import type { Counts } from './raw-node.ts';

/** What `put --json` prints. */
export interface Put {
  readonly receipt: string;
  readonly key: string;
  readonly due: string;
  readonly tube: string;
  readonly replicas: readonly {
    readonly node: string;
    readonly tube: string;
    readonly id: string;
  }[];
  readonly failed: readonly { readonly node: string; readonly error: string }[];
}

export abstract class Place {
  readonly folder: string;
  /** The configuration file. */
  readonly file: string;
  /** How many replicas each job has. */
  readonly copies: number;
  readonly #env: Readonly<Record<string, string>>;
  #tubes = 0;

  /** @param env for each dq. */
  constructor(
    folder: string,
    config: string,
    copies: number,
    env: Readonly<Record<string, string>> = {},
  ) {
    this.folder = folder;
    this.file = join(folder, '.dqrc.yaml');
    this.copies = copies;
    this.#env = env;
    writeFileSync(this.file, config);
  }

  /** Of each node. */
  abstract counts(tube: string): Promise<Counts[]>;

  /** The envelope of each replica of a receipt; undefined where it is no more. */
  abstract envelopes(receipt: string): Promise<(Buffer | undefined)[]>;

  dq(words: readonly string[], around: Around = {}): Promise<Ran> {
    return dq(words, this.around(around));
  }

  startDq(words: readonly string[], around: Around = {}): RunningDq {
    return startDq(words, this.around(around));
  }

  around(around: Around = {}): Around {
    return { cwd: this.folder, ...around, env: { ...this.#env, ...around.env } };
  }

  /** Puts a job; fails when that does. */
  async put(...words: readonly string[]): Promise<Put> {
    return this.putAs('put', ...words);
  }

  async putAs(...words: readonly string[]): Promise<Put> {
    const { code, stdout, stderr } = await this.dq(['--json', ...words]);
    if (code !== 0) throw new Error(`dq ${words.join(' ')} exited with ${String(code)}: ${stderr}`);
    return JSON.parse(stdout) as Put;
  }

  /** A tube that no other test uses. */
  tube(): string {
    this.#tubes += 1;
    return `tube-${this.#tubes}`;
  }

  /** The same for the replica on each node. */
  each<Value>(value: Value): Value[] {
    return Array<Value>(this.copies).fill(value);
  }

  /** In one step: nobody ever reads a part of it. */
  write(name: string, text: string, mode = 0o644): void {
    const path = join(this.folder, name);
    writeFileSync(`${path}.new`, text, { mode });
    renameSync(`${path}.new`, path);
  }

  remove(name: string): void {
    rmSync(join(this.folder, name));
  }

  /** The lines of a file in the folder; none when there is no such file yet. */
  read(name: string): string[] {
    try {
      return lines(readFileSync(join(this.folder, name), 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}
