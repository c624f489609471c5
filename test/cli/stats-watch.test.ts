// `dq stats --watch` on a terminal: one picture, drawn over the last one, and a terminal that is left as it was.

import { describe, expect, it } from 'vitest';
import { clusterOf } from '../support/cluster.ts';
import { embeddedPlace } from '../support/places.ts';
import { until } from '../support/wait.ts';
import { startOnTerminal, type Terminal } from '../support/terminal.ts';

const size = { rows: 24, columns: 100 };
const quick = ['stats', '--watch', '100ms'];
const otherScreen = '\u001b[?1049h';
const sameScreen = '\u001b[?1049l';
const showCursor = '\u001b[?25h';

/** The exit code of dq; the terminal has its screen, cursor, echo and lines again. */
async function left(terminal: Terminal): Promise<number> {
  const { stdout } = await terminal.ended;
  const [before = '', after = ''] = stdout.split(sameScreen);
  expect(before.split(otherScreen)).toHaveLength(2);
  expect(before.endsWith(showCursor)).toBe(true);
  expect(after).toMatch(/[^-]icanon/);
  expect(after).toMatch(/[^-]echo /);
  expect(after).not.toContain('\u001b');
  return Number(/exit (\d+)/.exec(after)?.[1]);
}

describe('the picture', () => {
  it('follows what happens: jobs, a node that goes and comes', async () => {
    const cluster = await clusterOf(2);
    const terminal = startOnTerminal(quick, cluster, size);
    await terminal.shown(/^default +0 .* 0\.0 +0\.0 +0 +0/m);
    await cluster.put('hello');
    await terminal.shown(/^default +1 .* 1 +1 +█+$/m);
    await cluster.nodes[1]?.kill();
    await terminal.shown(/^2 127\.0\.0\.1:\d+ +down /m);
    await cluster.nodes[1]?.start();
    await terminal.shown(/^2 127\.0\.0\.1:\d+ +up /m);
    await cluster.redis.kill();
    await terminal.shown(/^ledger +down +redis/m);
    terminal.press('q');
    expect(await left(terminal)).toBe(0);
  });

  it('fits into the terminal, also when that changes its size', async () => {
    const cluster = await clusterOf(1);
    const tubes = ['1e3', 'a/b', 'null', 'x', 'y', 'z'];
    for (const tube of tubes) await cluster.put('-t', tube, 'hello');
    const terminal = startOnTerminal(['stats', '--watch', '1h'], cluster, {
      rows: 9,
      columns: 100,
    });
    const small = await terminal.shown(/^… 5 more tubes$/m);
    expect(small).toHaveLength(9);
    terminal.resize({ rows: 30, columns: 40 });
    const narrow = await terminal.shown(/^z +1/m);
    for (const line of narrow) expect(line.length).toBeLessThan(40);
    terminal.press('q');
    expect(await left(terminal)).toBe(0);
  });

  it('is not held up by a node that hangs', async () => {
    const cluster = await clusterOf(2, { config: 'minReplicas: 1\n' });
    cluster.nodes[1]?.pause();
    const terminal = startOnTerminal(quick, cluster, size);
    await terminal.wrote(/no answer yet/);
    await cluster.put('hello');
    await terminal.shown(/^default +1/m);
    terminal.press('q');
    expect(await left(terminal)).toBe(0);
    cluster.nodes[1]?.resume();
  });

  it('is also that of the embedded queue', async () => {
    const place = embeddedPlace();
    const terminal = startOnTerminal(quick, place, size);
    await terminal.shown(/^default +0 /m);
    await place.put('hello');
    await terminal.shown(/^default +1 .* – +– /m);
    terminal.press('\u0003');
    expect(await left(terminal)).toBe(0);
  });
});

describe('the end', () => {
  it.each([
    ['SIGTERM', 0],
    ['SIGINT', 0],
    ['SIGHUP', 129],
  ])('%s', async (signal, code) => {
    const terminal = startOnTerminal(quick, await clusterOf(1), size);
    await terminal.shown(/^default/m);
    terminal.kill(signal);
    expect(await left(terminal)).toBe(code);
  });

  it('of the terminal itself: dq ends as well, by a signal and not by an abort', async () => {
    const cluster = await clusterOf(1);
    const terminal = startOnTerminal(quick, cluster, size);
    await terminal.shown(/^default/m);
    await terminal.close();
    const [code] = await until(
      'dq has ended',
      () => cluster.read('code').length > 0 && cluster.read('code'),
    );
    expect(code).toBe('129');
  });

  it('by a defect: the terminal is left as it was all the same', async () => {
    const cluster = await clusterOf(1);
    cluster.write('defect.cjs', "process.on('SIGUSR2', () => { throw new Error('a defect'); });\n");
    const env = { NODE_OPTIONS: `--require ${cluster.folder}/defect.cjs` };
    const terminal = startOnTerminal(quick, cluster, size, env);
    await terminal.shown(/^default/m);
    terminal.kill('SIGUSR2');
    const { stdout } = await terminal.ended;
    expect(stdout).toContain(`${showCursor}${sameScreen}`);
    expect(stdout).toMatch(/[^-]icanon/);
    expect(stdout).toContain('exit 1');
  });

  it.each(['the next look is far', 'a node hangs'])('at once, also while %s', async (what) => {
    const cluster = await clusterOf(2);
    const hangs = what === 'a node hangs';
    if (hangs) cluster.nodes[1]?.pause();
    const terminal = startOnTerminal(['stats', '--watch', '1h'], cluster, size);
    await (hangs ? terminal.wrote(/\?25l/) : terminal.shown(/^default/m));
    terminal.press('q');
    expect(await left(terminal)).toBe(0);
  });
});

it('a terminal that can do nothing gets lines', async () => {
  const cluster = await clusterOf(1);
  const terminal = startOnTerminal(quick, cluster, size, { TERM: 'dumb' });
  await terminal.wrote(/(dq stats .*[^]*){2}/);
  terminal.press('\u0003');
  const { stdout } = await terminal.ended;
  expect(stdout).toContain('exit 0');
  expect(stdout).not.toContain('\u001b');
});
