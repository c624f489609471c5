// What every script of the ledger begins with: the clock, and an entry's text form, its reading and its writing.

import { deadStaysLonger, keptBeyondTtl } from '../machine.ts';

// The value of a job's key is text: the mark `dq1`, the state, and its fields as `name=value`, blanks between.
// A token or a reason is a word, all else a whole number; instants are ms since the epoch on Redis's clock.
//
//   dq1 claimed token=T attempt=1 failures=0 deaths=0 claimedAt=1767225600000 leaseUntil=1767225620000 suspectAt=0
//   dq1 retry attempt=1 failures=1 deaths=0 notBefore=1767225602000
//   dq1 done exitCode=0 at=1767225600000 by=T
//   dq1 dead reason=failed exitCode=1 at=1767225600000 attempt=5 failures=5 deaths=0    (exitCode=-: there was none)
//   dq1 revoked at=1767225600000 final=0
//
// A value without the mark was written by a consumer of go-queue (16 letters and digits) and means: done.
// A mark with another number is refused: to take it for done would delete the replicas of a job that isn't.

/** Redis's own clock in ms since the epoch, as a Lua expression. */
export const redisTime =
  '(function() local t = redis.call("TIME") return t[1] * 1000 + math.floor(t[2] / 1000) end)()';

/**
 * For scripts with the arguments
 *
 *     KEYS[1]  the job's key
 *     ARGV[1]  its due instant, in ms since the epoch
 *     ARGV[2]  how long an entry is remembered after it, in ms
 *
 * @param clock the Lua expression of the time now.
 */
export const preamble = (clock: string): string => `
local due, ttl = tonumber(ARGV[1]), tonumber(ARGV[2])
local now = ${clock}
local keptBeyondTtl, deadStaysLonger = ${keptBeyondTtl}, ${deadStaysLonger}
local isWord = { token = true, reason = true, by = true }

local function read(key)
  key = key or KEYS[1]
  local value = redis.call('GET', key)
  if not value then return { state = 'absent' } end
  local version, state, fields = string.match(value, '^dq(%d+) (%l+)(.*)$')
  if not version then return { state = 'done', exitCode = 0, at = now, by = '' } end
  if version ~= '1' then error('DQVERSION written by another version of dq: ' .. key) end
  local entry = { state = state }
  for name, field in string.gmatch(fields, '(%a+)=(%S*)') do
    entry[name] = isWord[name] and field or tonumber(field)
  end
  return entry
end

local function save(text, longer)
  local keep = math.max(now, due) - now + ttl + keptBeyondTtl + (longer or 0)
  redis.call('SET', KEYS[1], 'dq1 ' .. text, 'PX', string.format('%.0f', keep))
end

-- A Redis that is out of memory lets a script go on whose first write takes none (so its manual on EVAL);
-- the flag allow-oom would do it too, but from Redis 7 on only, and older ones choke on it.
local function evenWhenFull()
  redis.call('DEL', KEYS[1])
end

local function claimed(token, counts, claimedAt, leaseUntil, suspectAt)
  return string.format(
    'claimed token=%s attempt=%.0f failures=%.0f deaths=%.0f claimedAt=%.0f leaseUntil=%.0f suspectAt=%.0f',
    token, counts.attempt, counts.failures, counts.deaths, claimedAt, leaseUntil, suspectAt)
end

local function retry(counts, notBefore)
  return string.format(
    'retry attempt=%.0f failures=%.0f deaths=%.0f notBefore=%.0f',
    counts.attempt, counts.failures, counts.deaths, notBefore)
end

local function bury(reason, exitCode, counts)
  save(string.format(
    'dead reason=%s exitCode=%s at=%.0f attempt=%.0f failures=%.0f deaths=%.0f',
    reason, exitCode, now, counts.attempt, counts.failures, counts.deaths), deadStaysLonger)
end
`;

/**
 * For the scripts by which a claim's owner settles it, with the further arguments
 *
 *     ARGV[3]  the claim's token
 *     ARGV[4]  attempt  ┐
 *     ARGV[5]  failures ├ the counts to write
 *     ARGV[6]  deaths   ┘
 *
 * They answer 0 and change nothing when the job is another's; an absent entry (lost by Redis) is nobody's.
 */
export const ownerOnly = `
local entry, token = read(), ARGV[3]
local counts = { attempt = ARGV[4], failures = ARGV[5], deaths = ARGV[6] }
local owns = entry.state == 'claimed' and entry.token == token
if not owns and entry.state ~= 'absent' then return 0 end
evenWhenFull()
`;
