// dq cron run as a user sees it: environment, stdin, overlap, hooks, reload, signals; on nodes and in a file.

import { userInfo } from 'node:os';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, type RunningDq } from '../support/cli.ts';
import type { Place } from '../support/place.ts';
import { places } from '../support/places.ts';
import { isRunning } from '../support/processes.ts';
import { until } from '../support/wait.ts';

const running = new Set<RunningDq>();

afterEach(async () => {
  for (const dq of running) dq.kill('SIGKILL');
  await Promise.all([...running].map((dq) => dq.ended));
  running.clear();
});

type Cron = Readonly<Record<string, object>>;

const everySecond = { schedule: '* * * * * *', extended: true };

function yaml(cron: Cron): string {
  return JSON.stringify({ cron });
}

describe.each(places)('on %s', (_, openPlace) => {
  let place: Place;
  let tube: string;

  beforeAll(async () => {
    place = await openPlace();
  });

  type Env = Readonly<Record<string, string>>;
  function start(file: string, env: Env = {}, words: readonly string[] = []): RunningDq {
    const dq = place.startDq(['-t', tube, '--json', ...words, 'cron', 'run', file], { env });
    running.add(dq);
    return dq;
  }

  function startCron(cron: Cron, env: Env = {}, words: readonly string[] = []): RunningDq {
    tube = place.tube();
    place.write(`${tube}.yaml`, yaml(cron));
    return start(`${tube}.yaml`, env, words);
  }

  function startCrontab(crontab: string, env: Env = {}): RunningDq {
    tube = place.tube();
    place.write(`${tube}.crontab`, crontab);
    return start(`${tube}.crontab`, env);
  }

  /** The lines of a file of this test's tube. */
  const read = (name: string): string[] => place.read(`${tube}.${name}`);
  const hasLines = (name: string, count: number): Promise<true> =>
    until(`${count} lines in ${name}`, () => read(name).length >= count);

  async function stop(dq: RunningDq): Promise<void> {
    dq.kill('SIGTERM');
    await ended(dq);
  }

  async function ended(dq: RunningDq): Promise<void> {
    expect(await dq.ended).toMatchObject({ code: 0, stdout: '' });
    running.delete(dq);
  }

  it('runs each tick once, at its time, and records it for list', async () => {
    const run = 'echo "$DQ_ENTRY $DQ_TICK $(date +%s%3N) $DQ_ATTEMPT" >> $OUT';
    const dq = startCron(
      { e: { ...everySecond, run, overlap: 'allow', missed: 'all' } },
      { OUT: 'e.log' },
    );
    const runsOf = (): string[][] => place.read('e.log').map((line) => line.split(' '));
    const ticksOf = (): (string | undefined)[] => runsOf().map(([, tick]) => tick);
    await until('it runs', () => runsOf().length > 0);
    const wanted = comingTicks();
    await until('4 runs in a row', () => wanted.every((tick) => ticksOf().includes(tick)));
    await stop(dq);
    expect(ticksOf()).toHaveLength(new Set(ticksOf()).size);
    const runs = runsOf();
    place.remove('e.log');
    expect(runs.filter(([, tick = '', at]) => Number(at) < Date.parse(tick))).toEqual([]);
    expect(runs.every(([entry, , , attempt]) => entry === 'e' && attempt === '1')).toBe(true);
    const { stdout } = await place.dq(['-t', tube, '--json', 'cron', 'list', `${tube}.yaml`]);
    const [listed] = jsonLines(stdout);
    expect(listed).toMatchObject({ entry: 'e', last: { result: 'done', exitCode: 0, attempt: 1 } });
  });

  it('runs a crontab’s commands in its environment, with its stdin', async () => {
    const crontab = [
      'A=1',
      'SHELL=/bin/bash',
      'QUOTED=" x y "',
      '@reboot echo "$A$QUOTED$B|$0|$INHERITED|$PATH" > $OUT.first; pwd > $OUT.pwd',
      '@reboot echo "$LOGNAME|$USER" > $OUT.account',
      'B=2',
      'PATH=/usr/bin:/bin:/opt',
      'HOME=/tmp',
      '@reboot echo "$A$B|$PATH" > $OUT.second; pwd >> $OUT.second; cat > $OUT.stdin%one%two\\%x',
    ].join('\n');
    const dq = startCrontab(crontab, {
      ...{ INHERITED: 'yes', OUT: `${place.folder}/env`, LOGNAME: 'other', USER: 'other' },
    });
    await until('all', () =>
      ['stdin', 'pwd', 'account'].every((name) => place.read(`env.${name}`).length > 0),
    );
    await stop(dq);
    expect(place.read('env.first')[0]).toMatch(/^1 x y \|\/bin\/bash\|yes\|/);
    expect(place.read('env.pwd')).toEqual([place.folder]);
    const { username } = userInfo();
    expect(place.read('env.account')).toEqual([`${username}|${username}`]);
    expect(place.read('env.second')).toEqual(['12|/usr/bin:/bin:/opt', '/tmp']);
    expect(place.read('env.stdin')).toEqual(['one', 'two%x']);
  });

  it('tells what a schedule warns of, once, at its start', async () => {
    const dq = startCrontab('MAILTO=me\n@daily true\n');
    await dq.event('working');
    await stop(dq);
    const events = jsonLines((await dq.ended).stderr).filter(({ event }) => event === 'warning');
    expect(events).toMatchObject([{ reason: expect.stringContaining('crontab:1:1') as string }]);
  });

  it('tells at a reload only what it has not told of', async () => {
    const crontab = 'MAILTO=me\n@reboot true\n';
    const dq = startCrontab(crontab);
    await dq.event('ran');
    dq.kill('SIGHUP');
    await dq.event('reloaded');
    place.write(`${tube}.crontab`, `${crontab}*/7 * * * * true\n`);
    await dq.line(/"reloaded","reason":"\+true/);
    await stop(dq);
    const events = jsonLines((await dq.ended).stderr).filter(({ event }) => event === 'warning');
    expect(events.map(({ reason }) => /:\d+:\d+/.exec(String(reason))?.[0])).toEqual([
      ':1:1',
      ':3:1',
    ]);
  });

  it('warns when its file is emptied', async () => {
    const dq = startCrontab('@yearly true\n');
    await dq.event('working');
    place.write(`${tube}.crontab`, '');
    expect(await dq.event('warning')).toMatchObject({
      reason: `${tube}.crontab: there is no entry: nothing runs`,
    });
    await dq.line(/"reloaded","reason":"-true/);
    await stop(dq);
  });

  it('ends a run at its timeout, and runs onFailure; onSuccess after a success', async () => {
    const dq = startCron(
      {
        slow: {
          ...{ schedule: '@reboot', run: 'sleep 60', timeout: '100ms' },
          onFailure: 'echo "$DQ_ENTRY:$DQ_REASON:$DQ_EXIT" >> $OUT.failed',
        },
        bad: {
          schedule: '@reboot',
          run: 'exit 7',
          onFailure: 'echo "$DQ_ENTRY:$DQ_EXIT" >> $OUT.failed',
        },
        good: {
          schedule: '@reboot',
          run: 'true',
          onSuccess: 'echo "$DQ_ENTRY:$DQ_EXIT" > $OUT.good',
        },
      },
      { OUT: 'hooks' },
    );
    await until(
      'all',
      () => place.read('hooks.failed').length === 2 && place.read('hooks.good').length > 0,
    );
    await stop(dq);
    expect(place.read('hooks.failed').sort()).toEqual(['bad:7', 'slow:timed out:']);
    expect(place.read('hooks.good')).toEqual(['good:0']);
    place.remove('hooks.failed');
    place.remove('hooks.good');
  });

  it('tries a failing @reboot entry as often as its attempts say', async () => {
    const run = 'echo $DQ_ATTEMPT >> $OUT; [ $DQ_ATTEMPT = 2 ]';
    const onSuccess = 'echo fine >> $OUT';
    const dq = startCron(
      { flaky: { schedule: '@reboot', attempts: 3, run, onSuccess } },
      { OUT: 'flaky' },
    );
    await until('it is fine', () => place.read('flaky').includes('fine'));
    await stop(dq);
    expect(place.read('flaky')).toEqual(['1', '2', 'fine']);
    place.remove('flaky');
  });

  it.each(['skip', 'queue', 'allow'])('overlap: %s', async (overlap) => {
    const out = `overlap-${overlap}`;
    const run = `echo + >> ${out}; until [ -e ${out}.go ]; do sleep 0.05; done; echo - >> ${out}`;
    const dq = startCron({ e: { ...everySecond, run, overlap, missed: 'all' } }, {}, ['-v']);
    if (overlap === 'allow') await until('two at once', () => place.read(out).length >= 2);
    else if (overlap === 'skip')
      expect(await dq.event('skipped')).toMatchObject({ reason: 'overlap' });
    else await dq.line(/"given-back".*"an earlier run goes on"/);
    const listed = await until('it is seen to run', async () => {
      const { stdout } = await place.dq(['-t', tube, '--json', 'cron', 'list', `${tube}.yaml`]);
      const [entry = {}] = jsonLines(stdout);
      return entry['running'] === null ? undefined : entry;
    });
    const someRun = { tick: expect.any(String) as string, worker: expect.any(String) as string };
    expect(listed).toMatchObject({ last: null, running: someRun });
    const { stdout: told } = await place.dq(['-t', tube, 'cron', 'list', `${tube}.yaml`]);
    const [, since = '', tick = '?'] =
      /running since (\S+) by .* the tick of (\S+)/.exec(told) ?? [];
    expect([since, since >= tick]).toEqual([since, true]);
    const before = place.read(out);
    expect(before.includes('-')).toBe(false);
    expect(before.length > 1).toBe(overlap === 'allow');
    place.write(`${out}.go`, '');
    await until('more runs', () => place.read(out).length >= 6);
    await stop(dq);
    if (overlap !== 'allow') expect(place.read(out).join('')).toMatch(/^(\+-)+$/);
  });
  it('puts jobs for dq work', async () => {
    const dq = startCron({ p: { ...everySecond, put: 'hello' } });
    const work = place.startDq(['-t', tube, 'work', '--', 'echo "$DQ_PAYLOAD $DQ_DUE" >> put.log']);
    running.add(work);
    await until('two jobs', () => place.read('put.log').length >= 2);
    await stop(dq);
    const jobs = place.read('put.log');
    place.remove('put.log');
    expect(new Set(jobs).size).toBe(jobs.length);
    expect(jobs.every((line) => /^hello .*:\d\d\.000Z$/.test(line))).toBe(true);
  });

  it('reloads on a change of its file and on SIGHUP; a bad file keeps the old schedule', async () => {
    const cron = (name: string): Cron => ({
      [name]: { ...everySecond, run: `echo ${name} >> ${tube}.runs` },
    });
    const dq = startCron({ first: { ...everySecond, run: 'true' } });
    await dq.event('ran');
    dq.kill('SIGHUP');
    expect(await dq.event('reloaded')).toMatchObject({ reason: 'nothing changed' });
    place.write(`${tube}.yaml`, yaml(cron('second')));
    await dq.line(/"reloaded","reason":"\+second -first"/);
    await hasLines('runs', 1);
    place.write(`${tube}.yaml`, 'cron: {second: {schedule: "61 * * * *", run: "true"}}');
    const failed = await dq.event('reload-failed');
    expect(failed['reason']).toMatch(/the old schedule stays in force: .*cron\.second\.schedule/s);
    await hasLines('runs', read('runs').length + 2);
    await stop(dq);
  });

  it('SIGTERM lets a run finish: exit 0', async () => {
    const run = 'echo + >> ending; until [ -e end ]; do sleep 0.05; done; echo - >> ending';
    const dq = startCron({ e: { ...everySecond, run } });
    await until('it runs', () => place.read('ending').length > 0);
    dq.kill('SIGTERM');
    await dq.event('stopping');
    place.write('end', '');
    await ended(dq);
    expect(place.read('ending')).toEqual(['+', '-']);
    for (const name of ['ending', 'end']) place.remove(name);
  });

  it('SIGTERM twice ends the run, which is run again by the next start', async () => {
    const run = 'echo "$DQ_TICK $$" >> again; until [ -e end ]; do sleep 0.05; done';
    const dq = startCron({ e: { ...everySecond, run } });
    await until('it runs', () => place.read('again').length === 1);
    dq.kill('SIGTERM');
    await dq.event('stopping');
    dq.kill('SIGTERM');
    expect(await dq.event('given-back')).toMatchObject({
      ...{ level: 'warn', entry: 'e', attempt: 1, reason: 'dq stops: it runs again' },
      tick: expect.stringMatching(/:\d\d\.000Z$/) as string,
    });
    await ended(dq);
    const [tick, pid] = place.read('again')[0]?.split(' ') ?? [];
    expect(isRunning(Number(pid))).toBe(false);
    place.write('end', '');
    const next = start(`${tube}.yaml`);
    const ran = await next.line(new RegExp(`"event":"ran".*"tick":"${tick}"`));
    expect(jsonLines(ran)).toMatchObject([{ attempt: 2, exitCode: 0 }]);
    await stop(next);
    for (const name of ['again', 'end']) place.remove(name);
  });

  it('a stop that ends an @reboot entry says so', async () => {
    const run = 'echo + >> boot; until [ -e end ]; do sleep 0.05; done';
    const dq = startCron({ b: { schedule: '@reboot', run } });
    await until('it runs', () => place.read('boot').length === 1);
    await until('it is seen to run', async () => {
      const { stdout } = await place.dq(['-t', tube, 'cron', 'list', `${tube}.yaml`]);
      return /^b +@reboot +at the start +running .*\n +running since .* by \S+: the tick of /m.test(
        stdout,
      );
    });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) dq.kill(signal);
    expect(await dq.event('ran')).toMatchObject({ entry: 'b', reason: 'dq was stopped' });
    await ended(dq);
    place.remove('boot');
  });

  it('two hosts with different files run both files whole', async () => {
    const run = 'echo "$DQ_ENTRY $DQ_TICK" >> both.log';
    const some = { ...everySecond, run, overlap: 'allow', missed: 'all' };
    const north = startCron({ a: some, both: some }, { DQ_HOST: 'north' });
    place.write(`${tube}-2.yaml`, yaml({ b: some, both: some }));
    const east = start(`${tube}-2.yaml`, { DQ_HOST: 'east' });
    await until('each host’s entries run', () =>
      ['a ', 'b '].every((name) => place.read('both.log').some((line) => line.startsWith(name))),
    );
    const ticks = comingTicks();
    const wanted = ['a', 'b', 'both'].flatMap((name) => ticks.map((tick) => `${name} ${tick}`));
    const runs = (): string[] => place.read('both.log').filter((line) => wanted.includes(line));
    await until('all ran', () => runs().length >= wanted.length);
    await Promise.all([stop(north), stop(east)]);
    expect(runs().sort()).toEqual(wanted);
    place.remove('both.log');
  });

  it('hosts: each runs on every host, any and a list on one', async () => {
    const run = 'echo "$DQ_ENTRY $DQ_TICK $DQ_HOST" >> hosts.log';
    const some = { ...everySecond, run, overlap: 'allow', missed: 'all' };
    const cron = {
      each: { ...some, hosts: 'each' },
      any: some,
      east: { ...some, hosts: ['east'] },
    };
    const north = startCron(cron, { DQ_HOST: 'north' });
    const east = start(`${tube}.yaml`, { DQ_HOST: 'east' });
    await until('all entries run, where they should', () =>
      [/^each .* north$/, /^each .* east$/, /^any /, /^east /].every((run) =>
        place.read('hosts.log').some((line) => run.test(line)),
      ),
    );
    const ticks = comingTicks();
    const expected = {
      any: ticks,
      east: ticks.map((tick) => `${tick} east`),
      each: ticks.flatMap((tick) => [`${tick} east`, `${tick} north`]),
    };
    const runs = (entry: string): string[] =>
      place
        .read('hosts.log')
        .map((line) => line.split(' '))
        .filter(([name, tick = '']) => name === entry && ticks.includes(tick))
        .map(([, tick = '', host = '']) => (entry === 'any' ? tick : `${tick} ${host}`))
        .sort();
    // A host passes on what another one is to run: that comes a second later, or more.
    await until('all ran', () =>
      Object.entries(expected).every(([entry, all]) => runs(entry).length >= all.length),
    );
    await Promise.all([stop(north), stop(east)]);
    for (const [entry, all] of Object.entries(expected)) expect(runs(entry)).toEqual(all);
    place.remove('hosts.log');
  });
});

/** Four ticks in a row, of entries of which one has run: those to come are written then. */
function comingTicks(): string[] {
  const from = Math.ceil(Date.now() / 1_000) + 1;
  return [0, 1, 2, 3].map((at) => new Date((from + at) * 1_000).toISOString());
}
