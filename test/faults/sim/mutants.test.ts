// The simulation can fail: it catches every mutant, and each for its own reason.

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/servers.ts';
import { compile, compileChanged } from './compile.ts';
import { mutants } from './mutants.ts';
import { playOnThread, runOnThread } from './threads.ts';

/** The first that catches it is the last. */
const seeds = Array.from({ length: 10_000 }, (_, at) => at + 1);
const folder = temporaryFolder();
const compiled = join(folder, 'unchanged');
compile(compiled);

describe('a dq that', { concurrent: availableParallelism() > 1 }, () => {
  it.each(mutants)('$name is caught', async ({ name, place, changes, caughtBy, play }) => {
    const changed = join(folder, name.replaceAll(' ', '-'));
    compileChanged(compiled, changed, changes);
    const violations: string[] = [];
    if (play !== undefined) violations.push(...(await playOnThread(changed, play)));
    else {
      await runOnThread({ folder: changed, place, seeds, goOn: false }, (result) => {
        violations.push(...result.violations);
      });
    }
    expect(violations.join('\n')).toMatch(caughtBy);
  });
});
