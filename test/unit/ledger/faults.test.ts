// Which errors of Redis and ioredis mean that the ledger is down, and in which words.

import { describe, expect, it } from 'vitest';
import { faultOf, isDemotion, refusalIn } from '../../../src/ledger/redis/faults.ts';

const sha = '2390f94407a55c3af378a32c4a494aee979f3454';

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

describe('refusalIn', () => {
  const full = "OOM command not allowed when used memory > 'maxmemory'.";

  it.each([
    ['as Redis 7 puts it', `${full} script: ${sha}, on @user_script:1.`],
    [
      'as Redis 6 puts it',
      `ERR Error running script (call to f_${sha}): @user_script:9: @user_script: 9: -${full}`,
    ],
    ['outside a script', full],
  ])('finds the refusal %s', (_, message) => {
    expect(refusalIn(reply(message))).toBe(full);
  });

  it.each([
    "READONLY You can't write against a read only replica.",
    'LOADING Redis is loading the dataset in memory',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.',
    'NOREPLICAS Not enough good replicas to write.',
    'CLUSTERDOWN The cluster is down',
    'MOVED 3999 127.0.0.1:6381',
    'NOAUTH Authentication required.',
    'WRONGPASS invalid username-password pair or user is disabled.',
    "NOPERM this user has no permissions to run the 'evalsha' command",
    "The user executing the script can't run this command or subcommand",
  ])('takes "%s" for one', (message) => {
    expect(refusalIn(reply(message))).toBe(message);
  });

  it.each([
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    'ERR user_script:5: attempt to compare nil with number script: x, on @user_script:5.',
    'BUSYKEY Target key name already exists.',
    "ERR unknown command 'EVALSHA'",
  ])('takes "%s" for a defect', (message) => {
    expect(refusalIn(reply(message))).toBeUndefined();
  });
});

describe('faultOf', () => {
  it.each([
    ['Command timed out', 'no reply within 2 s'],
    ["Socket timeout. Expecting data, but didn't receive any in 2000ms.", 'no reply within 2 s'],
    ["Stream isn't writeable and enableOfflineQueue options is false", 'not connected'],
    ['All sentinels are unreachable.', 'All sentinels are unreachable.'],
  ])('says "%s" as: %s', (message, said) => {
    expect(faultOf(new Error(message), 2_000)).toBe(said);
  });

  it('says what failed and how, even when every address of a host did', () => {
    const refused = { code: 'ECONNREFUSED' };
    const one = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), refused, {
      syscall: 'connect',
    });
    const all = Object.assign(new AggregateError([one, one], ''), refused);
    expect(faultOf(one, 2_000)).toBe('connect ECONNREFUSED');
    expect(faultOf(all, 2_000)).toBe('connect ECONNREFUSED');
  });

  it('says a lost connection in plain words', () => {
    const lost = Object.assign(new Error('Reached the max retries per request limit'), {
      name: 'MaxRetriesPerRequestError',
    });
    expect(faultOf(lost, 2_000)).toBe('the connection was lost');
  });
});

describe('isDemotion', () => {
  it('knows a replica by its replies', () => {
    expect(isDemotion(reply(`READONLY You can't write. script: ${sha}`))).toBe(true);
    expect(isDemotion(reply(`ERR Error running script: 9: -MASTERDOWN Link`))).toBe(true);
    expect(isDemotion(reply('OOM command not allowed'))).toBe(false);
  });
});
