// The board on Redis: a hash of marks, one of records and one of beats for each schedule.

import { beatLife, type Beat, type Board } from '../board.ts';
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

/** Output: how long ago the youngest of all marks was moved, in ms, or -1. */
const lastAdvanceScript = `
local now, ago = ${redisTime}, -1
for _, mark in ipairs(redis.call('HVALS', KEYS[1])) do
  local this = math.max(now - tonumber(mark), 0)
  if ago < 0 or this < ago then ago = this end
end
return ago`;

// KEYS[1] the hash of beats, by process: the instant (ms since the epoch on Redis's clock), a blank, its text.

/** The processes, those of old beats left out: calls `visit(process, how long ago in ms, text)`. */
const eachBeat = `
local now = ${redisTime}
local function each(visit)
  local beats = redis.call('HGETALL', KEYS[1])
  for i = 1, #beats, 2 do
    local at, text = string.match(beats[i + 1], '^(%d+) (.*)$')
    visit(beats[i], at and math.max(now - tonumber(at), 0) or ${beatLife} + 1, text)
  end
end`;

/** ARGV the process and its text. */
const beatScript = `${eachBeat}
each(function(process, ago) if ago > ${beatLife} then redis.call('HDEL', KEYS[1], process) end end)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', now) .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], ${beatLife})`;

const beatsScript = `${eachBeat}
local found = {}
each(function(process, ago, text)
  if ago <= ${beatLife} then table.insert(found, { process, ago, text }) end
end)
return found`;

/** So many names go with one call. */
const namesAtOnce = 500;

export class RedisBoard implements Board {
  readonly #connection: RedisConnection;
  readonly #marks: string;
  readonly #records: string;
  readonly #beats: string;

  /** @param tube that of the ticks: schedules in different tubes know nothing of each other. */
  constructor(options: ConnectionOptions, tube: string) {
    this.#connection = new RedisConnection(options);
    this.#marks = `dq:${tube}:marks`;
    this.#records = `dq:${tube}:records`;
    this.#beats = `dq:${tube}:beats`;
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

  async lastAdvance(): Promise<number | undefined> {
    const ago = await this.#connection.ask((redis) =>
      redis.eval(lastAdvanceScript, 1, this.#marks),
    );
    return Number(ago) < 0 ? undefined : Number(ago);
  }

  async record(name: string, text: string): Promise<void> {
    await this.#connection.ask((redis) => redis.hset(this.#records, name, text));
  }

  async records(names: readonly string[]): Promise<(string | undefined)[]> {
    if (names.length === 0) return [];
    const found = await this.#connection.ask((redis) => redis.hmget(this.#records, ...names));
    return found.map((text) => text ?? undefined);
  }

  async beat(process: string, text: string): Promise<void> {
    await this.#connection.ask((redis) => redis.eval(beatScript, 1, this.#beats, process, text));
  }

  async beats(): Promise<Beat[]> {
    const found = await this.#connection.ask((redis) => redis.eval(beatsScript, 1, this.#beats));
    return (found as [string, number, string][]).map(([process, agoMs, text]) => {
      return { process, agoMs, text };
    });
  }

  async endBeat(process: string): Promise<void> {
    await this.#connection.ask((redis) => redis.hdel(this.#beats, process));
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
