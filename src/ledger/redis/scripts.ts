// The ledger's transitions as Lua scripts: src/ledger/machine.ts is what they must do, line for line.

import { createHash } from 'node:crypto';
import { revocationMargin, shortestSpareWait } from '../machine.ts';
import { ownerOnly, preamble, redisTime } from './preamble.ts';

export interface Script {
  readonly lua: string;
  /** What EVALSHA knows it by. */
  readonly sha: string;
}

type Transition = 'claim' | 'renew' | 'done' | 'waitAgain' | 'dead' | 'revoke' | 'kick' | 'look';

export type Scripts = Readonly<Record<Transition, Script>>;

/** @param clock the Lua expression of the time now, in ms; anything but Redis's own is for tests. */
export function assembleScripts(clock: string = redisTime): Scripts {
  const shared = preamble(clock);
  const script = (body: string): Script => {
    const lua = shared + body;
    return { lua, sha: createHash('sha1').update(lua).digest('hex') };
  };
  return {
    claim: script(claim),
    renew: script(renew),
    done: script(done),
    waitAgain: script(waitAgain),
    dead: script(dead),
    revoke: script(revoke),
    kick: script(kick),
    look: script(look),
  };
}

// KEYS[1], ARGV[1], ARGV[2]: see the preamble, as for all that follow.
// ARGV[3] token, ARGV[4] lease (ms), ARGV[5] suspicion (ms), ARGV[6] deaths allowed,
// ARGV[7] age of the replica in s, -1: not known
// answers {'granted', attempt, failures, deaths}, {'claimed', ms}, {'retry', ms}, {'done'}, {'dead', reason}, {'revoked'}
const claim = `
local entry, token = read(), ARGV[3]
local lease, suspicion, maxDeaths = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local age = tonumber(ARGV[7])
local shortestSpareWait, revocationMargin = ${shortestSpareWait}, ${revocationMargin}

local function grant(counts, claimedAt)
  save(claimed(token, counts, claimedAt, now + lease, 0))
  return { 'granted', counts.attempt, counts.failures, counts.deaths }
end

local function grantNext(counts)
  counts.attempt = counts.attempt + 1
  return grant(counts, now)
end

local function die(reason, counts)
  bury(reason, '-', counts)
  return { 'dead', reason }
end

local function claimUnknown()
  local fresh = { attempt = 0, failures = 0, deaths = 0 }
  if now - due > ttl then return die('late', fresh) end
  return grantNext(fresh)
end

local function takeOver()
  if entry.suspectAt == 0 then
    save(claimed(entry.token, entry, entry.claimedAt, entry.leaseUntil, now))
    return { 'claimed', suspicion }
  end
  local suspicionLeft = entry.suspectAt + suspicion - now
  if suspicionLeft > 0 then return { 'claimed', suspicionLeft } end
  entry.deaths = entry.deaths + 1
  if entry.deaths >= maxDeaths then return die('lost', entry) end
  return grantNext(entry)
end

if entry.state == 'absent' then
  return claimUnknown()
elseif entry.state == 'claimed' then
  if entry.token == token then return grant(entry, entry.claimedAt) end
  local leaseLeft = entry.leaseUntil - now
  if leaseLeft <= 0 then return takeOver() end
  return { 'claimed', math.min(leaseLeft, math.max(shortestSpareWait, now - entry.claimedAt)) }
elseif entry.state == 'retry' then
  if entry.notBefore > now then return { 'retry', entry.notBefore - now } end
  return grantNext(entry)
elseif entry.state == 'dead' then
  return { 'dead', entry.reason }
elseif entry.state == 'revoked' then
  local putAgain = age >= 0 and age * 1000 + revocationMargin < now - entry.at
  if entry.final == 0 and putAgain then return claimUnknown() end
end
return { entry.state }
`;

// ARGV[3..6]: the owner's claim; ARGV[7] lease (ms)
// answers 1 or 0
const renew = `${ownerOnly}
save(claimed(token, counts, owns and entry.claimedAt or now, now + ARGV[7], 0))
return 1
`;

// ARGV[3] token, ARGV[4] exit code
// answers 1
const done = `
if read().state ~= 'done' then
  evenWhenFull()
  save(string.format('done exitCode=%s at=%.0f by=%s', ARGV[4], now, ARGV[3]))
end
return 1
`;

// A failure, or a claim given back.
// ARGV[3..6]: the owner's token, the counts to go on with; ARGV[7] in how many ms it may be claimed
// answers 1 or 0
const waitAgain = `${ownerOnly}
save(retry(counts, now + ARGV[7]))
return 1
`;

// ARGV[3..6]: the owner's token, the final counts; ARGV[7] reason, ARGV[8] exit code, -: none
// answers 1 or 0
const dead = `${ownerOnly}
bury(ARGV[7], ARGV[8], counts)
return 1
`;

// ARGV[3] 1: final, 0: an equal envelope may be put again
// answers 'revoked', 'claimed', 'done'
const revoke = `
local entry = read()
if entry.state == 'claimed' or entry.state == 'done' then return entry.state end
local final = entry.final == 1 and 1 or ARGV[3]
evenWhenFull()
save(string.format('revoked at=%.0f final=%s', now, final))
return 'revoked'
`;

// answers 'kicked', 'pending', 'done', 'revoked'
const kick = `
local entry = read()
if entry.state == 'claimed' or entry.state == 'retry' then return 'pending' end
if entry.state == 'done' or entry.state == 'revoked' then return entry.state end
save(retry({ attempt = entry.attempt or 0, failures = 0, deaths = 0 }, now))
return 'kicked'
`;

// KEYS: any number of jobs
// answers for each: nil, {'claimed', token, attempt, failures, deaths, ms ago, ms left},
// {'retry', attempt, failures, deaths, ms}, {'done', exit code, ms ago, by},
// {'dead', reason, exit code or '-', attempt, failures, deaths, ms ago}, {'revoked', ms ago}
const look = `
local function standing(entry)
  local attempt, failures, deaths = entry.attempt, entry.failures, entry.deaths
  if entry.state == 'absent' then
    return false
  elseif entry.state == 'claimed' then
    local ago, left = now - entry.claimedAt, entry.leaseUntil - now
    return { 'claimed', entry.token, attempt, failures, deaths, ago, left }
  elseif entry.state == 'retry' then
    return { 'retry', attempt, failures, deaths, entry.notBefore - now }
  elseif entry.state == 'done' then
    return { 'done', entry.exitCode, now - entry.at, entry.by }
  elseif entry.state == 'dead' then
    return { 'dead', entry.reason, entry.exitCode or '-', attempt, failures, deaths, now - entry.at }
  end
  return { 'revoked', now - entry.at }
end

local standings = {}
for at, key in ipairs(KEYS) do standings[at] = standing(read(key)) end
return standings
`;
