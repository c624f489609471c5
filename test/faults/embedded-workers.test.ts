// One queue file, many processes of dq, workers killed all the time: nothing accepted is lost or runs without need.

import { expect, it } from 'vitest';
import { lines, type RunningDq } from '../support/cli.ts';
import { embeddedPlace } from '../support/places.ts';
import { names } from '../support/runs.ts';
import { until } from '../support/wait.ts';

const [producers, jobsEach, workers, kills] = [8, 1_000, 3, 20];
const runsPerKill = (producers * jobsEach) / (kills + 1);
/** The parent of a handler is its worker. */
const handler = 'echo "$PPID $DQ_PAYLOAD" >> runs';

it('runs each of 8,000 jobs while workers are killed 20 times', async () => {
  const place = embeddedPlace();
  const runs = (): string[] => place.read('runs');
  const worker = (): RunningDq => place.startDq(['-q', 'work', '-j', '2', '--', handler]);
  const working = Array.from({ length: workers }, worker);
  const putting = Array.from({ length: producers }, (_, at) =>
    place.dq(['put', '--lines', '--ttr', '3s'], {
      stdin: names(jobsEach, `p${at}`).join('\n'),
    }),
  );
  const killed = new Set<string>();
  for (let kill = 1; kill <= kills; kill++) {
    const moment = (kill - Math.random()) * runsPerKill;
    await until('more have run', () => runs().length >= moment, { longest: 120_000 });
    const [victim] = working.splice(Math.floor(Math.random() * workers), 1);
    killed.add(String(victim?.pid));
    await victim?.crash();
    working.push(worker());
  }
  const puts = await Promise.all(putting);
  expect(puts.map(({ code }) => code)).toEqual(puts.map(() => 0));
  expect(puts.flatMap(({ stdout }) => lines(stdout))).toHaveLength(producers * jobsEach);

  const nothing = { ready: 0, reserved: 0, delayed: 0, buried: 0 };
  const isEmpty = async (): Promise<boolean> =>
    JSON.stringify((await place.counts('default'))[0], Object.keys(nothing)) ===
    JSON.stringify(nothing);
  await until('nothing is left', isEmpty, { longest: 200_000, every: 200 });
  for (const each of working) each.kill('SIGTERM');
  const ended = await Promise.all(working.map((each) => each.ended));
  expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual(ended.map(() => [0, '']));

  const runners = new Map<string, string[]>();
  for (const line of runs()) {
    const [pid = '', payload = ''] = line.split(' ');
    runners.set(payload, [...(runners.get(payload) ?? []), pid]);
  }
  expect(runners.size).toBe(producers * jobsEach);
  for (const [payload, pids] of runners) {
    const ofTheLiving = pids.filter((pid) => !killed.has(pid));
    expect(ofTheLiving.length, `runs of ${payload} by workers that lived`).toBeLessThanOrEqual(1);
  }
  const again = [...runners.values()].reduce((sum, pids) => sum + pids.length - 1, 0);
  expect(again, 'runs beyond the first').toBeLessThanOrEqual(kills * 2);
}, 420_000);
