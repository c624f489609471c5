// Every row of the fault table, two at a time: they mostly wait.

import { describe, it } from 'vitest';
import { play, type Row } from './row.ts';
import { handlerRows } from './rows/handlers.ts';
import { networkRows } from './rows/network.ts';
import { nodeRows } from './rows/nodes.ts';
import { redisRows } from './rows/redis.ts';
import { workerRows } from './rows/workers.ts';

/** The longest first: the short ones fill the gaps. */
const rows: readonly Row[] = [
  ...workerRows,
  ...redisRows,
  ...networkRows,
  ...nodeRows,
  ...handlerRows,
];

/** A part of the jobs will do while a row is being written. */
const share = Number(process.env['FAULT_SHARE'] ?? 1);

describe.concurrent('real servers', () => {
  for (const row of rows) {
    const whyNot = row.whyNot?.();
    it(row.name, async ({ task }) => {
      task.meta.fault =
        whyNot === undefined ? await play(row, share) : { row: row.name, notRun: whyNot };
    });
  }
});
