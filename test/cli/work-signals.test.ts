// SIGTERM, SIGINT and a closed window to `dq work`: what runs may finish, nothing is lost, and the exit code says which.

import { describe, expect, it } from 'vitest';
import { clusterOf } from '../support/cluster.ts';
import type { Place } from '../support/place.ts';
import { embeddedPlace, places } from '../support/places.ts';
import { isRunning } from '../support/processes.ts';
import { noteRun, payloads, runsOf } from '../support/runs.ts';
import { startOnTerminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';

const waitForGo = `${noteRun}; until [ -e go ]; do sleep 0.05; done`;
/** As waitForGo, deaf to TERM. */
const deaf = `trap '' TERM; ${noteRun}; while :; do sleep 0.05; done`;

/** Puts a job that a worker then runs. */
async function running(cluster: Place, handler: string, words: readonly string[] = []) {
  await cluster.put('hello');
  const work = cluster.startDq(['work', '--json', ...words, '--', handler]);
  await until('it runs', () => runsOf(cluster).length > 0);
  return work;
}

/** The job is run by the next worker, as its second attempt. */
async function expectToRunAgain(cluster: Place, words: readonly string[] = []): Promise<void> {
  const { code } = await cluster.dq(['work', '--drain=30s', ...words, '--', noteRun]);
  expect(code).toBe(0);
  expect(runsOf(cluster).map(({ attempt }) => attempt)).toEqual([1, 2]);
}

describe.each(places)('on %s', (_, openPlace) => {
  describe.concurrent.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
    it('ends an idle worker: exit 0', async () => {
      const cluster = await openPlace();
      const work = cluster.startDq(['work', '--json', '--', 'true']);
      await work.event('working');
      work.kill(signal);
      expect(await work.ended).toMatchObject({ code: 0, signal: null });
    });

    it('lets a handler finish: exit 0, and the job is done', async () => {
      const cluster = await openPlace();
      const work = await running(cluster, waitForGo);
      await cluster.put('next');
      work.kill(signal);
      await work.event('stopping');
      cluster.write('go', '');
      expect((await work.ended).code).toBe(0);
      expect(payloads(runsOf(cluster))).toEqual(['hello']);
      await cluster.dq(['work', '--drain', '--', noteRun]);
      expect(payloads(runsOf(cluster))).toEqual(['hello', 'next']);
    });

    it('ends it after --grace, and counts that as no failure', async () => {
      const cluster = await openPlace();
      const work = await running(cluster, waitForGo, ['--attempts', '1', '--grace', '100ms']);
      work.kill(signal);
      expect((await work.ended).code).toBe(0);
      await expectToRunAgain(cluster, ['--attempts', '1']);
    });

    it('twice skips the grace', async () => {
      const cluster = await openPlace();
      const work = await running(cluster, waitForGo, ['--grace', '1h']);
      work.kill(signal);
      await work.event('stopping');
      work.kill(signal);
      expect((await work.ended).code).toBe(0);
      await expectToRunAgain(cluster);
    });
  });

  describe('a handler that is deaf to TERM', () => {
    it('is killed', async () => {
      const handler = `echo $$ > pid; ${deaf}`;
      const cluster = await openPlace();
      const work = await running(cluster, handler, ['--grace', '100ms']);
      work.kill('SIGTERM');
      expect((await work.ended).code).toBe(0);
      const [pid = ''] = cluster.read('pid');
      expect(isRunning(Number(pid))).toBe(false);
      await expectToRunAgain(cluster);
    });
  });
});

describe.concurrent.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('is exit 128 + its number when the ledger can’t be told, and the job isn’t lost', async () => {
    const cluster = await clusterOf(2, { kept: true });
    const work = await running(cluster, waitForGo, ['--grace', '500ms']);
    await cluster.redis.kill();
    work.kill(signal);
    cluster.write('go', '');
    expect((await work.ended).code).toBe({ SIGTERM: 143, SIGINT: 130 }[signal]);
    await cluster.redis.start();
    await expectToRunAgain(cluster);
  }, 120_000);
});

it('a window that is closed ends an idle worker in order, and Node does not abort', async () => {
  const place = embeddedPlace();
  const terminal = startOnTerminal(['work', '--', 'true'], place, { rows: 24, columns: 80 });
  await terminal.wrote(/working/);
  await terminal.close();
  // As its shell does
  terminal.kill('SIGHUP');
  const [code] = await until('dq has ended', () => {
    const written = place.read('code');
    return written.length > 0 && written;
  });
  expect(code).toBe('0');
});
