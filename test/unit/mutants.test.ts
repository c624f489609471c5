// Every mutant still finds the text that it changes: whoever changes a source is told here, before the simulation is run.

import { expect, it } from 'vitest';
import { changedText } from '../faults/sim/compile.ts';
import { mutants } from '../faults/sim/mutants.ts';

it.each(mutants)('a dq that $name can be made', ({ changes }) => {
  for (const change of changes) expect(changedText(change)).toContain(change.to);
});
