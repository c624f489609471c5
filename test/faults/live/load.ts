// The jobs of a row: put by the command in batches, before and during the fault; what was accepted and what was not.

import { setTimeout as sleep } from 'node:timers/promises';
import { jsonLines, type Ran } from '../../support/cli.ts';
import type { Cluster } from '../../support/cluster.ts';
import type { Put } from '../../support/place.ts';
import { names } from '../../support/runs.ts';

/** Some jobs are due at once, some come due in the middle of what happens. */
const delays = ['0s', '500ms', '2s', '5s'];

export class Load {
  /** The jobs whose receipt was printed: by key, when they are due (ms since the epoch). */
  readonly accepted = new Map<string, number>();
  /** The keys that `put` said may still run, though it refused them. */
  readonly mayRun = new Set<string>();
  /** How many of them lie on fewer nodes than they should. */
  short = 0;
  /** What `put` said when it refused records. */
  readonly refusals: string[] = [];
  /** How many records were refused. */
  refused = 0;
  /** How many of them when a node didn't answer in time. */
  unanswered = 0;
  readonly #cluster: Cluster;
  readonly #env: Readonly<Record<string, string>>;
  readonly #words: readonly string[];
  readonly #padding: string;
  #batches = 0;

  /** @param padding is added to each payload. */
  constructor(
    cluster: Cluster,
    env: Readonly<Record<string, string>>,
    { words = [], padding = '' }: { words?: readonly string[]; padding?: string },
  ) {
    this.#cluster = cluster;
    this.#env = env;
    this.#words = words;
    this.#padding = padding;
  }

  /** One batch; tells how the command ended. */
  async put(count: number): Promise<Ran> {
    const delay = delays[this.#batches % delays.length] ?? '0s';
    this.#batches += 1;
    const records = names(count, `batch-${this.#batches}`).map((name) => name + this.#padding);
    const words = ['put', '--json', '--lines', '--delay', delay, ...this.#words];
    const ran = await this.#cluster.dq(words, { stdin: records.join('\n'), env: this.#env });
    const accepted = jsonLines(ran.stdout) as unknown as Put[];
    for (const { key, due, failed } of accepted) {
      this.accepted.set(key, Date.parse(due));
      if (failed.length > 0) this.short += 1;
    }
    const refused = count - accepted.length;
    this.refused += refused;
    if (/no (?:reply|connection) within/.test(ran.stderr)) this.unanswered += refused;
    for (const [, keys = ''] of ran.stderr.matchAll(/may still run: ([\da-f, ]+)/g)) {
      for (const key of keys.split(/[, ]+/)) if (key !== '') this.mayRun.add(key);
    }
    if (ran.code !== 0) this.refusals.push(ran.stderr);
    return ran;
  }

  /** `count` jobs in batches, one after the other, spread over so many ms. */
  async putOver(ms: number, count: number, batches: number): Promise<void> {
    for (let batch = 0; batch < batches; batch++) {
      const left = count - Math.floor((count * batch) / batches);
      const rest = count - Math.floor((count * (batch + 1)) / batches);
      await Promise.all([this.put(left - rest), sleep(ms / batches)]);
    }
  }
}
