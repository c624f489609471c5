// Thousands of seeds on every processor, and a table of what was done to them.

import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/servers.ts';
import { compile } from './compile.ts';
import type { Counts, Result } from './simulation.ts';
import { runOnThread } from './threads.ts';

const most = Number(process.env['DQ_SEEDS'] ?? 20_000);
/** Those up to it belong to the smoke. */
const first = 501;

const folder = temporaryFolder();
compile(folder);

it.each([
  ['cluster', most],
  // SQLite takes its time
  ['machine', most / 8],
] as const)(
  'a %s keeps every promise, %i seeds',
  { timeout: 15 * 60_000 },
  async (place, count) => {
    const threads = Math.min(availableParallelism(), 8);
    const table = new Table();
    const broken: Result[] = [];
    const work = Array.from({ length: threads }, async (_, thread) => {
      const share = Math.ceil((count - thread) / threads);
      const seeds = Array.from({ length: share }, (_each, at) => first + thread + at * threads);
      await runOnThread({ folder, place, seeds, goOn: false }, (result) => {
        table.add(result);
        if (result.violations.length > 0) broken.push(result);
      });
    });
    await Promise.all(work);
    process.stdout.write(`\n${place}\n${table.text}`);
    const found = broken.map(({ seed, violations }) => {
      return [
        `DQ_SEED=${seed} npx vitest run test/unit/simulation.test.ts -t ${place}`,
        ...violations,
      ].join('\n');
    });
    expect(found).toEqual([]);
  },
);

class Table {
  readonly #injected = new Map<string, number>();
  readonly #doubles = new Map<string, number>();
  #seeds = 0;
  #jobs = 0;
  #runs = 0;

  add({ facts }: Result): void {
    this.#seeds += 1;
    this.#jobs += facts.jobs;
    this.#runs += facts.runs;
    addCounts(this.#injected, facts.injected);
    addCounts(this.#doubles, facts.doubles);
  }

  get text(): string {
    const lines = [
      line('seeds', this.#seeds),
      line('jobs', this.#jobs),
      line('runs of a handler', this.#runs),
      '',
      'injected',
      ...sorted(this.#injected),
      '',
      'succeeded once more, because of',
      ...sorted(this.#doubles),
    ];
    return `${lines.join('\n')}\n`;
  }
}

function addCounts(to: Map<string, number>, counts: Counts): void {
  for (const [name, each] of counts) to.set(name, (to.get(name) ?? 0) + each);
}

function sorted(counts: Counts): string[] {
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([name, each]) => line(name, each));
}

function line(name: string, each: number): string {
  return `${name.padEnd(40)}${String(each).padStart(10)}`;
}
