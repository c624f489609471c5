// Hosts run one schedule while they are killed, a node and Redis are restarted: each tick once, none early.

import { appendFileSync, writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Entry } from '../../src/schedule/entry.ts';
import { localZone } from '../../src/core/zone.ts';
import { ticks } from '../../src/schedule/ticks.ts';
import { parseCronMap } from '../../src/schedule/yaml-entries.ts';
import { lines, startDq, type RunningDq } from '../support/cli.ts';
import { clusterOf, type Cluster } from '../support/cluster.ts';
import { embeddedPlace } from '../support/places.ts';
import { temporaryFolder } from '../support/servers.ts';
import { until } from '../support/wait.ts';

/** How long faults are made, in s; 180 with a host killed every 20 is the whole of it. */
const duration = Number(process.env['DQ_CRON_SECONDS'] ?? 24) * 1_000;
const betweenKills = Math.min(20_000, duration / 3);
/** A dead host's lease, the suspicion, and a busy machine, in ms. */
const recovery = 75_000;
/** Which second field, and how long (s) a run takes. */
const quick = ['*', '*/2', '*/3', '1-59/2', '*/5', '*/7', '*/10', '3,13,33'];
const slow = [0, 0.2, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 7];

const begin = 'echo "$DQ_ENTRY $DQ_TICK $DQ_HOST $(date +%s%3N)" >> "$LOG"';
const named: readonly (readonly [string, object])[] = [
  ...quick.map((seconds, at): [string, object] => [
    `quick-${at}`,
    {
      schedule: `${seconds} * * * * *`,
      extended: true,
      run: begin,
      overlap: 'allow',
      missed: 'all',
    },
  ]),
  ...slow.map((seconds, at): [string, object] => [
    `slow-${at}`,
    {
      schedule: `${5 * at} * * * * *`,
      extended: true,
      run: `${begin}; sleep ${seconds}`,
      overlap: at % 2 === 0 ? 'allow' : 'queue',
      missed: 'all',
    },
  ]),
];
const cron = Object.fromEntries(named);

/** How long a host stays dead, a node and Redis are away, in ms. */
const away = { host: 2_000, server: 1_000 };
/** A run begins so long after its tick was claimed at most, and no handler here runs longer, in ms. */
const start = 1_000;
const longestRun = 15_000;

interface Run {
  /** Its entry and instant. */
  readonly tick: string;
  readonly due: number;
  readonly host: string;
  readonly at: number;
}

interface Kill {
  readonly host: string;
  readonly at: number;
}

/** The hosts of a schedule, each with a working folder, a name and a file of its own. */
class Hosts {
  readonly log = join(temporaryFolder(), 'log');
  readonly kills: Kill[] = [];
  readonly #env: Readonly<Record<string, string>>;
  readonly #started: RunningDq[] = [];
  readonly #running = new Map<string, RunningDq>();

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
    writeFileSync(this.log, '');
  }

  get runs(): Run[] {
    return lines(readFileSync(this.log, 'utf8')).map((line) => {
      const [entry = '', tick = '', host = '', at = ''] = line.split(' ');
      return { tick: `${entry} ${tick}`, due: Date.parse(tick), host, at: Number(at) };
    });
  }

  async start(name: string): Promise<void> {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'schedule.yaml'), JSON.stringify({ cron }));
    const env = { ...this.#env, DQ_HOST: name, LOG: this.log };
    const dq = startDq(['--json', 'cron', 'run', 'schedule.yaml'], { cwd, env });
    this.#started.push(dq);
    this.#running.set(name, dq);
    await dq.event('working');
  }

  /** Kills one after another, each for a while. */
  async kill(names: readonly string[], end: number): Promise<void> {
    for (let turn = 0; Date.now() + betweenKills < end; turn++) {
      await sleep(betweenKills);
      const host = names[turn % names.length] ?? '';
      this.kills.push({ host, at: Date.now() });
      await this.#running.get(host)?.crash();
      await sleep(away.host);
      await this.start(host);
    }
  }

  /** The exit codes. */
  async stop(): Promise<(number | null)[]> {
    for (const host of this.#running.values()) host.kill('SIGTERM');
    const ended = await Promise.all([...this.#running.values()].map((host) => host.ended));
    return ended.map(({ code }) => code);
  }

  /** Runs of a tick that ran before, unless the host of that earlier run was killed in the midst of it. */
  twice(): Run[] {
    return this.runs.filter((run) => {
      const earlier = this.runs.filter(({ tick, at }) => tick === run.tick && at < run.at);
      const explained = earlier.some(({ host, at }) =>
        this.kills.some(
          (kill) => kill.host === host && kill.at > at - start && kill.at < at + longestRun,
        ),
      );
      return earlier.length > 0 && !explained;
    });
  }

  async tellAll(facts: object): Promise<void> {
    const path = process.env['DQ_CRON_LOG'];
    if (path === undefined) return;
    appendFileSync(path, `${JSON.stringify(facts)}\n`);
    for (const dq of this.#started) appendFileSync(path, (await dq.ended).stderr);
  }
}

async function restart({ nodes, redis }: Cluster): Promise<void> {
  for (const server of [nodes[1], redis]) {
    await sleep(duration / 3);
    await server?.kill();
    await sleep(away.server);
    await server?.start();
  }
}

async function expectEachTickOnce(
  hosts: Hosts,
  names: readonly string[],
  faults: () => Promise<void>,
) {
  await Promise.all(names.map((name) => hosts.start(name)));
  const from = Date.now() + 2_000;
  const end = from + duration;
  await Promise.all([hosts.kill(names, end), faults(), sleep(end - Date.now())]);

  const expected = ticksOf(parseCronMap(cron, 'cron', localZone).entries, from, end);
  const missing = (): string[] => {
    const ran = new Set(hosts.runs.map(({ tick }) => tick));
    return expected.filter((tick) => !ran.has(tick));
  };
  const last = Date.now() + recovery;
  await until('every tick ran', () => missing().length === 0 || Date.now() > last, {
    ...{ longest: 2 * recovery, every: 250 },
  });
  const codes = await hosts.stop();
  const { runs, kills } = hosts;
  const latest = Math.max(...runs.map(({ at, due }) => at - due));
  const all = new Set(runs.map(({ tick }) => tick)).size;
  await hosts.tellAll({
    ...{ expected: expected.length, runs: runs.length, ticks: all, kills: kills.length },
    ...{ missing: missing(), latest },
  });
  expect(missing()).toEqual([]);
  expect(runs.filter(({ at, due }) => at < due)).toEqual([]);
  expect(hosts.twice()).toEqual([]);
  expect(codes).toEqual(names.map(() => 0));
}

function ticksOf(entries: readonly Entry[], from: number, to: number): string[] {
  expect(entries).toHaveLength(20);
  return entries.flatMap((entry) =>
    ticks(entry, from, to).map((tick) => `${entry.name} ${new Date(tick).toISOString()}`),
  );
}

const time = duration + 2 * recovery + 60_000;

it('three hosts on a 3-node cluster', { timeout: time }, async () => {
  const cluster = await clusterOf(3, { kept: true });
  const hosts = new Hosts({ DQ_CONFIG: cluster.file });
  await expectEachTickOnce(hosts, ['north', 'east', 'west'], () => restart(cluster));
});

it('one host with the embedded queue', { timeout: time }, async () => {
  const { file, state } = embeddedPlace();
  const hosts = new Hosts({ DQ_CONFIG: file, STATE_DIRECTORY: state });
  await expectEachTickOnce(hosts, ['north'], () => Promise.resolve());
});
