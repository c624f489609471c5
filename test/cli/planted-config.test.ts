// A configuration that somebody else may have laid into a folder of everybody's is not taken unless it is named.

import { chmodSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dq, type Around } from '../support/cli.ts';
import { temporaryFolder } from '../support/servers.ts';

const root = 0;
const me = process.getuid?.() ?? root;
/** Only root can give a file away; whoever else runs this owns it, and dq is told that it runs as a third one. */
const owner = me === root ? 54_321 : me;
const third = owner + 1;

interface Laid extends Around {
  readonly cwd: string;
  readonly path: string;
}

function lay(mode: number, reader: number, ownerOfFile: number, isLink = false): Laid {
  const folder = temporaryFolder();
  const path = join(folder, '.dqrc.yaml');
  const target = isLink ? join(temporaryFolder(), 'target.yaml') : path;
  writeFileSync(target, 'nodes: embedded\ntube: laid\n');
  if (isLink) symlinkSync(target, path);
  if (me === root) lchownSync(path, ownerOfFile, ownerOfFile);
  const cwd = join(folder, 'below');
  mkdirSync(cwd);
  chmodSync(folder, mode);
  const NODE_OPTIONS = `--import=data:text/javascript,process.getuid=()=>${reader}`;
  const home = temporaryFolder();
  return { path, cwd, env: { NODE_OPTIONS, HOME: home, STATE_DIRECTORY: join(home, 'state') } };
}

it.each([
  ['a file', false],
  ['a link', true],
])('%s of another user in a folder of everybody is refused', async (_, isLink) => {
  const { path, ...around } = lay(0o1777, third, owner, isLink);
  for (const words of [['put', 'x'], ['doctor'], ['cron', 'run']]) {
    expect(await dq(words, around)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `dq: ${path}: belongs to another user, in a folder that anybody can write to\n    if you trust it, name it: -c ${path}\n`,
    });
  }
  const named = await dq(['-c', path, 'put', 'x'], around);
  expect(named).toMatchObject({ code: 0, stdout: 'embedded/laid/1\n' });
});

it.each([
  ["one's own", 0o1777, owner, owner],
  ["another user's in a folder of a group", 0o2775, third, owner],
  // Where this doesn't run as root, it can't make a file of root's: it is once more one's own.
  ["root's", 0o1777, me === root ? third : owner, me === root ? root : owner],
])('%s is taken', async (_, mode, reader, ownerOfFile) => {
  const around = lay(mode, reader, ownerOfFile);
  expect(await dq(['put', 'x'], around)).toMatchObject({ code: 0, stdout: 'embedded/laid/1\n' });
});
