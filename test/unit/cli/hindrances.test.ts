// What a drain that ended tells of jobs that may be left.

import { expect, it } from 'vitest';
import { hindrancesOf } from '../../../src/cli/hindrances.ts';
import { StrangeEntry } from '../../../src/core/errors.ts';

const seen = { unseen: [], ledgerDown: false, strange: undefined };
const unread = { strange: new StrangeEntry('of another version') };
const away = { unseen: ['a:1', 'b:1'] };

const down = 'jobs may be left: the ledger was down for 60 s';
const strange = 'jobs may be left: of another version';
const blind = "a:1, b:1 can't be asked: jobs may be out of sight";

it.each([
  ['nothing', {}, []],
  ['one node of those that a job needs', { unseen: ['a:1'] }, []],
  ['nodes out of sight', away, [blind]],
  ['an entry', unread, [strange]],
  ['an entry, and nodes out of sight', { ...unread, ...away }, [strange, blind]],
  ['all of it', { ...unread, ...away, ledgerDown: true }, [down, strange, blind]],
])('%s', (_, end, lines) => {
  expect(hindrancesOf({ ...seen, ...end }, { minReplicas: 2 })).toEqual(lines);
});
