// The ledger's transitions as Lua scripts: src/ledger/machine.ts is what they must do, line for line.

import { createHash } from 'node:crypto';
import { revocationMargin, shortestSpareWait } from '../machine.ts';
import { forEachKey, ownership, preamble, redisTime } from './preamble.ts';

export interface Script {
  readonly lua: string;
  /** What EVALSHA knows it by. */
  readonly sha: string;
}

export type Transition =
  'claim' | 'renew' | 'done' | 'waitAgain' | 'dead' | 'revoke' | 'kick' | 'look';

export type Scripts = Readonly<Record<Transition, Script>>;

/** @param clock the Lua expression of the time now, in ms; anything but Redis's own is for tests. */
export function assembleScripts(clock: string = redisTime): Scripts {
  const shared = preamble(clock);
  const script = (body: string, settles: boolean): Script => {
    const lua = shared + body + forEachKey(settles);
    return { lua, sha: createHash('sha1').update(lua).digest('hex') };
  };
  return {
    claim: script(claim, false),
    renew: script(ownership + renew, true),
    done: script(done, true),
    waitAgain: script(ownership + waitAgain, true),
    dead: script(ownership + buried, true),
    revoke: script(revoke, true),
    kick: script(kick, false),
    look: script(look, false),
  };
}

// Each defines the transition of one job, for `forEachKey`. Its parameters are the words that follow the job's due instant.

// maxDeaths: how many are allowed; age: of the replica in s, -1: not known; connectedMs: how long whoever asks has been
// connected without a break, at most as long as a suspicion
// answers `granted ATTEMPT FAILURES DEATHS`, `claimed MS`, `retry MS`, `done`, `dead REASON`, `revoked`
const claim = `
local shortestSpareWait, revocationMargin = ${shortestSpareWait}, ${revocationMargin}

local function grant(token, counts, claimedAt)
  local attempt, failures, deaths = whole(counts.attempt), whole(counts.failures), whole(counts.deaths)
  local answer = words('granted', attempt, failures, deaths)
  return answer, claimed(token, counts, claimedAt, now + lease, 0)
end

local function grantNext(token, counts)
  counts.attempt = counts.attempt + 1
  return grant(token, counts, now)
end

local function die(reason, counts)
  return words('dead', reason), dead(reason, '-', counts)
end

local function claimUnknown(token)
  local fresh = { attempt = 0, failures = 0, deaths = 0 }
  if now - due > ttl then return die('late', fresh) end
  return grantNext(token, fresh)
end

local function takeOver(entry, token, maxDeaths, connectedMs)
  if entry.suspectAt == 0 then
    local suspected = claimed(entry.token, entry, entry.claimedAt, entry.leaseUntil, now)
    return words('claimed', suspicion), suspected
  end
  local suspicionLeft = suspicion - math.min(now - entry.suspectAt, tonumber(connectedMs))
  if suspicionLeft > 0 then return words('claimed', suspicionLeft) end
  entry.deaths = entry.deaths + 1
  if entry.deaths >= tonumber(maxDeaths) then return die('lost', entry) end
  return grantNext(token, entry)
end

local function transition(token, maxDeaths, age, connectedMs)
  local entry = read()
  if entry.state == 'absent' then
    return claimUnknown(token)
  elseif entry.state == 'claimed' then
    if entry.token == token then return grant(token, entry, entry.claimedAt) end
    local leaseLeft = entry.leaseUntil - now
    if leaseLeft <= 0 then return takeOver(entry, token, maxDeaths, connectedMs) end
    local wait = math.min(leaseLeft, math.max(shortestSpareWait, now - entry.claimedAt))
    return words('claimed', wait)
  elseif entry.state == 'retry' then
    if entry.notBefore > now then return words('retry', entry.notBefore - now) end
    return grantNext(token, entry)
  elseif entry.state == 'dead' then
    return words('dead', entry.reason)
  elseif entry.state == 'revoked' then
    local putAgain = age + 0 >= 0 and age * 1000 + revocationMargin < now - entry.at
    if entry.final == 0 and putAgain then return claimUnknown(token) end
  end
  return entry.state
end
`;

// answers 1, or 0: it is another's
const renew = `
local function transition(token, attempt, failures, deaths)
  local entry = read()
  if not owns(entry, token) then return 0 end
  local counts = { attempt = attempt, failures = failures, deaths = deaths }
  return 1, claimed(token, counts, entry.claimedAt or now, now + lease, 0)
end
`;

// answers 1
const done = `
local function transition(token, exitCode)
  if readState() == 'done' then return 1 end
  return 1, string.format('done exitCode=%s at=%s by=%s', exitCode, whole(now), token)
end
`;

// A failure, or a claim given back.
// attempt, failures, deaths: the counts to go on with; delay: in how many ms it may be claimed
// answers 1, or 0: it is another's
const waitAgain = `
local function transition(token, attempt, failures, deaths, delay)
  if not owns(read(), token) then return 0 end
  return 1, retry({ attempt = attempt, failures = failures, deaths = deaths }, now + delay)
end
`;

// exitCode: -: none
// answers 1, or 0: it is another's
const buried = `
local function transition(token, attempt, failures, deaths, reason, exitCode)
  if not owns(read(), token) then return 0 end
  return 1, dead(reason, exitCode, { attempt = attempt, failures = failures, deaths = deaths })
end
`;

// final: 1: nobody will put an equal envelope again, 0: somebody may
// answers `revoked`, `claimed`, `done`
const revoke = `
local function transition(final)
  local entry = read()
  if entry.state == 'claimed' or entry.state == 'done' then return entry.state end
  return 'revoked', string.format('revoked at=%s final=%s', whole(now), entry.final == 1 and 1 or final)
end
`;

// answers `kicked`, `pending`, `done`, `revoked`
const kick = `
local function transition()
  local entry = read()
  if entry.state == 'claimed' or entry.state == 'retry' then return 'pending' end
  if entry.state == 'done' or entry.state == 'revoked' then return entry.state end
  return 'kicked', retry({ attempt = entry.attempt or 0, failures = 0, deaths = 0 }, now)
end
`;

// answers nil, or one of
//   claimed TOKEN ATTEMPT FAILURES DEATHS MS-AGO MS-LEFT
//   retry ATTEMPT FAILURES DEATHS MS
//   done EXIT-CODE MS-AGO BY
//   dead REASON EXIT-CODE-OR-- ATTEMPT FAILURES DEATHS MS-AGO
//   revoked MS-AGO
const look = `
local function transition()
  local entry = read()
  local attempt, failures, deaths = entry.attempt, entry.failures, entry.deaths
  if entry.state == 'absent' then
    return false
  elseif entry.state == 'claimed' then
    local ago, left = now - entry.claimedAt, entry.leaseUntil - now
    return words('claimed', entry.token, attempt, failures, deaths, ago, left)
  elseif entry.state == 'retry' then
    return words('retry', attempt, failures, deaths, entry.notBefore - now)
  elseif entry.state == 'done' then
    return words('done', entry.exitCode, now - entry.at, entry.by)
  elseif entry.state == 'dead' then
    local reason, exitCode = entry.reason, entry.exitCode or '-'
    return words('dead', reason, exitCode, attempt, failures, deaths, now - entry.at)
  end
  return words('revoked', now - entry.at)
end
`;
