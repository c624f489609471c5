// Many processes share one queue file, and some of them are killed: nothing accepted is lost, nothing fails.

import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { openEmbedded } from '../../src/embedded/embedded.ts';
import { temporaryFolder } from '../support/servers.ts';
import { until } from '../support/wait.ts';

const program = fileURLToPath(new URL('./embedded-process.js', import.meta.url));
const running = new Set<Child>();

afterAll(() => Promise.all([...running].map((child) => child.kill())));

type OnLine = (word: string, payload: string, teller: Child) => void;

class Child {
  /** It was ended from here. */
  killed = false;
  readonly ended: Promise<unknown>;
  readonly #process: ChildProcess;
  #stderr = '';

  constructor(words: readonly string[], onLine: OnLine) {
    const process_ = spawn(process.execPath, [program, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = process_;
    running.add(this);
    process_.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    createInterface(process_.stdout).on('line', (line) => {
      const [word = '', payload = ''] = line.split(' ');
      onLine(word, payload, this);
    });
    this.ended = once(process_, 'close').then(() => running.delete(this));
  }

  async kill(): Promise<void> {
    this.killed = true;
    this.#process.kill('SIGKILL');
    await this.ended;
  }

  /** Its exit code or the signal that ended it, and what it had to complain of. */
  get end(): string {
    return `${this.#process.exitCode ?? this.#process.signalCode ?? 'running'} ${this.#stderr}`;
  }
}

it('runs every job of many processes, although workers are killed all the time', async () => {
  const [putters, jobsEach, workers, kills, runsPerKill] = [8, 1_000, 3, 20, 390];
  const folder = temporaryFolder();
  const accepted = new Set<string>();
  const runs = new Map<string, Child[]>();
  const lastRun = new Map<Child, string>();
  const changes = new EventEmitter();

  const onLine: OnLine = (word, payload, teller) => {
    if (word === 'accepted') accepted.add(payload);
    else {
      runs.set(payload, [...(runs.get(payload) ?? []), teller]);
      lastRun.set(teller, payload);
    }
    changes.emit('change');
  };
  const putter = (name: string): Child =>
    new Child(['put', folder, name, String(jobsEach)], onLine);
  const worker = (): Child => new Child(['work', folder], onLine);
  const when = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await once(changes, 'change');
  };

  const putting = Array.from({ length: putters }, (_, at) => putter(`p${at}`));
  const victim = putter('victim');
  const working = Array.from({ length: workers }, worker);
  const killed: Child[] = [];

  await when(() => accepted.has('victim-200'));
  await victim.kill();
  for (let kill = 1; kill <= kills; kill++) {
    await when(() => runs.size >= kill * runsPerKill);
    const [next] = working.splice(kill % workers, 1, worker());
    await next!.kill();
    killed.push(next!);
  }
  await Promise.all(putting.map(({ ended }) => ended));
  expect(putting.map(({ end }) => end)).toEqual(putting.map(() => '0 '));
  await when(() => [...accepted].every((payload) => runs.has(payload)));
  expect(accepted.size).toBeGreaterThan(putters * jobsEach + 200);

  const embedded = await openEmbedded({ folder });
  await until('nothing is left', async () => {
    const { ready, reserved, delayed, buried } = await embedded.node('mail').counts();
    return ready + reserved + delayed + buried === 0;
  });
  embedded.close();
  await Promise.all(working.map((each) => each.kill()));

  expect([victim, ...killed, ...working].map(({ end }) => end.trim())).toEqual(
    [victim, ...killed, ...working].map(() => 'SIGKILL'),
  );
  for (const [payload, by] of runs) {
    const unexplained = by.filter((each) => !(each.killed && lastRun.get(each) === payload));
    expect(unexplained.length, `runs of ${payload}`).toBeLessThanOrEqual(1);
  }
}, 300_000);

it('is made once by many that come at the same time', async () => {
  const folder = join(temporaryFolder(), 'dq');
  const accepted: string[] = [];
  const names = Array.from({ length: 6 }, (_, at) => `p${at}`);
  const putting = names.map(
    (name) => new Child(['put', folder, name, '10'], (_, payload) => accepted.push(payload)),
  );
  await Promise.all(putting.map(({ ended }) => ended));
  expect(putting.map(({ end }) => end)).toEqual(names.map(() => '0 '));
  expect(accepted).toHaveLength(60);
  const embedded = await openEmbedded({ folder });
  expect(await embedded.node('mail').counts()).toMatchObject({ ready: 60 });
  embedded.close();
  expect(readdirSync(folder).filter((file) => !file.startsWith('queue.db'))).toEqual([]);
});
