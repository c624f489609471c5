// The longest envelope that a beanstalkd gives back after a restart.
//
// A put compares the body with max-job-size, the replay of the binlog compares the body and its CRLF. At one that is longer it
// stops: that job and all that were put after it are lost (seen in 1.12: "job 4 is too big (65536 > 65535)").

import type { Connection } from '../beanstalk/connection.ts';
import { stats, type ServerStats } from '../beanstalk/stats-commands.ts';
import { NodeError } from '../core/errors.ts';
import { orForget } from '../core/or-forget.ts';

const lineEnd = 2;

/** No server is set to take less than that, in bytes: most jobs need no question. */
export const surelyKept = 512;

const asked = new WeakMap<Connection, Promise<number>>();

/** In bytes; answered once a connection. @throws NodeError: nothing was put. */
export function longestEnvelope(connection: Connection): Promise<number> {
  const known = asked.get(connection);
  if (known !== undefined) return known;
  // One that had no memory to answer may have the next time
  const longest = orForget(ask(connection), () => asked.delete(connection));
  asked.set(connection, longest);
  return longest;
}

async function ask(connection: Connection): Promise<number> {
  try {
    return longestKept(await connection.send(stats()));
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    throw new NodeError(error.node, error.fault, error.message, { cause: error });
  }
}

/** In bytes. */
export function longestKept({
  maxJobSize,
  binlog,
}: Pick<ServerStats, 'maxJobSize' | 'binlog'>): number {
  return binlog ? maxJobSize - lineEnd : maxJobSize;
}
