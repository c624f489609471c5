// The board on Redis: a hash of marks and a hash of records for each schedule.

import type { Board } from '../board.ts';
import { RedisConnection, type ConnectionOptions } from './connection.ts';
import { redisTime } from './preamble.ts';

// KEYS[1] the hash of marks (ms since the epoch on Redis's clock), ARGV the names.

/** Output: for each name how long ago its mark was moved, in ms, or -1. */
const absencesScript = `
local now = ${redisTime}
local ago = {}
for i, name in ipairs(ARGV) do
  local mark = redis.call('HGET', KEYS[1], name)
  ago[i] = mark and math.max(now - tonumber(mark), 0) or -1
end
return ago`;

const advanceScript = `
local now = string.format('%.0f', ${redisTime})
for _, name in ipairs(ARGV) do redis.call('HSET', KEYS[1], name, now) end
redis.call('PEXPIRE', KEYS[1], ${400 * 86_400_000})`;

/** So many names go with one call. */
const namesAtOnce = 500;

export class RedisBoard implements Board {
  readonly #connection: RedisConnection;
  readonly #marks: string;
  readonly #records: string;

  /** @param tube that of the ticks: schedules in different tubes know nothing of each other. */
  constructor(options: ConnectionOptions, tube: string) {
    this.#connection = new RedisConnection(options);
    this.#marks = `dq:${tube}:marks`;
    this.#records = `dq:${tube}:records`;
  }

  async now(): Promise<number> {
    const [seconds = 0, microseconds = 0] = await this.#connection.ask((redis) => redis.time());
    return seconds * 1_000 + Math.floor(microseconds / 1_000);
  }

  async absences(names: readonly string[]): Promise<(number | undefined)[]> {
    const ago = (await this.#evaluate(absencesScript, names)) as number[][];
    return ago.flat().map((ms) => (ms < 0 ? undefined : ms));
  }

  async advance(names: readonly string[]): Promise<void> {
    await this.#evaluate(advanceScript, names);
  }

  async record(name: string, text: string): Promise<void> {
    await this.#connection.ask((redis) => redis.hset(this.#records, name, text));
  }

  async records(names: readonly string[]): Promise<(string | undefined)[]> {
    if (names.length === 0) return [];
    const found = await this.#connection.ask((redis) => redis.hmget(this.#records, ...names));
    return found.map((text) => text ?? undefined);
  }

  close(): void {
    this.#connection.close();
  }

  async #evaluate(script: string, names: readonly string[]): Promise<unknown[]> {
    const replies: unknown[] = [];
    for (let from = 0; from < names.length; from += namesAtOnce) {
      const some = names.slice(from, from + namesAtOnce);
      replies.push(
        await this.#connection.ask((redis) => redis.eval(script, 1, this.#marks, ...some)),
      );
    }
    return replies;
  }
}
