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
 * For scripts that do one transition for each of their keys, which are those of jobs. Their arguments are
 *
 *     ARGV[1]  how long an entry is remembered after its job's due instant, in ms
 *     ARGV[2]  how long a claim holds, in ms
 *     ARGV[3]  how long a claim whose lease is over is suspected, in ms
 *
 * and then for each key the same number of words, of which the first is the job's due instant, in ms since the epoch.
 *
 * @param clock the Lua expression of the time now.
 */
export const preamble = (clock: string): string => `
local ttl, lease, suspicion = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = ${clock}
local keptBeyondTtl, deadStaysLonger = ${keptBeyondTtl}, ${deadStaysLonger}
local isWord = { token = true, reason = true, by = true }

-- Those of the job at hand
local key, due

-- The state, and the text of its fields; without it, a consumer of go-queue has the job
local function readState()
  local value = redis.call('GET', key)
  if not value then return 'absent' end
  local version, state, fields = string.match(value, '^dq(%d+) (%l+)(.*)$')
  if not version then return 'done' end
  if version ~= '1' then error('DQVERSION written by another version of dq: ' .. key) end
  return state, fields
end

local function read()
  local state, fields = readState()
  if state == 'done' and not fields then return { state = state, exitCode = 0, at = now, by = '' } end
  local entry = { state = state }
  for name, field in string.gmatch(fields or '', '(%a+)=(%S*)') do
    entry[name] = isWord[name] and field or tonumber(field)
  end
  return entry
end

-- The text of a whole number; most are the same for many keys
local texts = {}
local function whole(number)
  local text = texts[number]
  if not text then
    text = string.format('%.0f', number)
    texts[number] = text
  end
  return text
end

-- An answer of several words
local function words(...)
  return table.concat({ ... }, ' ')
end

local function claimed(token, counts, claimedAt, leaseUntil, suspectAt)
  return string.format(
    'claimed token=%s attempt=%s failures=%s deaths=%s claimedAt=%s leaseUntil=%s suspectAt=%s',
    token, whole(counts.attempt), whole(counts.failures), whole(counts.deaths),
    whole(claimedAt), whole(leaseUntil), whole(suspectAt))
end

local function retry(counts, notBefore)
  return string.format(
    'retry attempt=%s failures=%s deaths=%s notBefore=%s',
    whole(counts.attempt), whole(counts.failures), whole(counts.deaths), whole(notBefore))
end

local function dead(reason, exitCode, counts)
  local entry = string.format(
    'dead reason=%s exitCode=%s at=%s attempt=%s failures=%s deaths=%s',
    reason, exitCode, whole(now), whole(counts.attempt), whole(counts.failures), whole(counts.deaths))
  return entry, deadStaysLonger
end
`;

/** For the transitions of a claim's owner: whether the job is its own; an absent entry (lost by Redis) is nobody's. */
export const ownership = `
local function owns(entry, token)
  if entry.state == 'absent' then return true end
  return entry.state == 'claimed' and entry.token == token
end
`;

/**
 * Does `transition(words)` for each key, which returns its answer, the entry to write (nil: as it is), and how much longer than
 * others it is kept (nil: not). What goes wrong while it reads and judges (an entry that isn't dq's) is the answer for that
 * key alone; a write that Redis refuses ends the script.
 *
 * @param settles whether it must be possible when Redis is full. A script goes on whose first write takes no memory (so the
 *   manual on EVAL): that is a DEL of the first key it writes. The flag allow-oom would do it too, but from Redis 7 on only,
 *   and older ones choke on it.
 */
export const forEachKey = (settles: boolean): string => `
${settles ? 'local wrote = false' : ''}
local function save(entry, longer)
  local keep = math.max(now, due) - now + ttl + keptBeyondTtl + (longer or 0)
  ${settles ? "if not wrote then redis.call('DEL', key) wrote = true end" : ''}
  redis.call('SET', key, 'dq1 ' .. entry, 'PX', whole(keep))
end

local answers, width = {}, (#ARGV - 3) / #KEYS
for at = 1, #KEYS do
  local first = 4 + (at - 1) * width
  key, due = KEYS[at], tonumber(ARGV[first])
  local judged, answer, entry, longer = pcall(transition, unpack(ARGV, first + 1, first + width - 1))
  if not judged and type(answer) ~= 'table' then answer = { err = answer } end
  if judged and entry then save(entry, longer) end
  answers[at] = answer
end
return answers
`;
