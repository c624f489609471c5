// What the facts of a node or of Redis mean for the promises of dq, and the remedy. Pure.

import { longestHead } from '../core/envelope.ts';
import { DqError } from '../core/errors.ts';
import type { RedisReport } from '../ledger/redis/check.ts';
import type { BeanstalkdDescription } from '../queue/beanstalkd.ts';
import { longestKept } from '../queue/longest-envelope.ts';

export interface Finding {
  /** `configuration`, an endpoint, `redis`, `tube NAME` or `cron TUBE`. */
  readonly subject: string;
  /** `bad`: jobs can't be put or run; `warn`: they can, but a promise is weaker than it could be. */
  readonly level: 'good' | 'warn' | 'bad';
  readonly message: string;
  readonly remedy?: string;
}

/** Leases and revocations are kept in whole seconds at most: a difference beyond this is felt, in ms. */
const largestClockDifference = 1_000;

export function diagnoseNode(endpoint: string, facts: BeanstalkdDescription): Finding[] {
  const about = (level: Finding['level'], message: string, remedy?: string): Finding => ({
    subject: endpoint,
    level,
    message,
    ...(remedy === undefined ? {} : { remedy }),
  });
  const longestPayload = longestKept(facts) - longestHead;
  const findings = [
    about('good', `beanstalkd ${facts.version}, payloads of up to ${longestPayload} bytes`),
  ];
  if (facts.draining) {
    findings.push(about('bad', 'it is draining: it takes no jobs', 'restart it'));
  }
  if (!facts.binlog) {
    const remedy = 'start it with -b FOLDER (on Debian: /etc/default/beanstalkd)';
    findings.push(about('warn', 'no binlog: a restart forgets every job', remedy));
  }
  return findings;
}

/** What one node tells of those who work on a tube. */
export interface Staff {
  /** Connections that wait in a reserve. */
  readonly waiting: number;
  /** Jobs that are reserved, and those that nobody has. */
  readonly reserved: number;
  readonly idle: number;
}

/**
 * @param staff of the nodes that answer.
 * @param isScheduled a schedule is of this tube: then it may be all there is, and its ticks lie elsewhere.
 */
export function diagnoseWorkers(
  tube: string,
  staff: readonly Staff[],
  isScheduled: boolean,
): Finding {
  const subject = `tube ${tube}`;
  if (staff.length === 0)
    return { subject, level: 'warn', message: 'no node tells whether anybody works here' };
  if (staff.some(({ waiting }) => waiting > 0))
    return { subject, level: 'good', message: 'a worker waits for jobs' };
  const reserved = Math.max(0, ...staff.map((each) => each.reserved));
  if (reserved > 0) {
    const jobs = reserved === 1 ? '1 job is' : `${reserved} jobs are`;
    return { subject, level: 'good', message: `${jobs} being worked on; no worker is free` };
  }
  if (isScheduled && staff.every(({ idle }) => idle === 0)) {
    const message = 'no worker waits for jobs, and there is none: ticks are run by dq cron run';
    return { subject, level: 'good', message };
  }
  return {
    ...{
      subject,
      level: 'warn',
      message: 'no worker waits for jobs, and none has one: nobody works here',
    },
    remedy: `on any machine: dq work -t ${tube} -- ./handler.sh`,
  };
}

/** @param servers by endpoint. */
export function diagnoseTwins(servers: ReadonlyMap<string, string | undefined>): Finding[] {
  const known = new Map<string, string>();
  const findings: Finding[] = [];
  for (const [subject, server] of servers) {
    if (server === undefined) continue;
    const first = known.get(server);
    if (first === undefined) known.set(server, subject);
    else {
      const message = `the same server as ${first}: replicas there are lost together`;
      findings.push({ subject, level: 'warn', message, remedy: 'name each server once' });
    }
  }
  return findings;
}

const redisRemedies: readonly (readonly [RegExp, string])[] = [
  [/NOPERM|The user executing/, 'ACL SETUSER … ~dq:* +@all -@dangerous +info +config|get'],
  [/OOM/, 'CONFIG SET maxmemory to more; until then no job starts'],
  [/MISCONF/, 'is its disk full?'],
  [/WRONGPASS|NOAUTH/, 'are the user and the password right?'],
  [/DB index/, 'name a database that it has: the first is 0'],
  [/certificate/i, 'name its authority: redis.tls.ca, or NODE_EXTRA_CA_CERTS'],
  [/not connected|connection was lost|ECONNRESET/, 'do both speak TLS (rediss://), or neither?'],
];

function remedyOf({ message }: DqError): string {
  const known = redisRemedies.find(([pattern]) => pattern.test(message));
  return known?.[1] ?? 'is it running there, and is the password right?';
}

/**
 * @param report what it tells of itself, or why it doesn't.
 * @param trouble why a worker can't use it.
 */
export function diagnoseRedis(
  report: RedisReport | DqError,
  trouble: DqError | undefined,
): Finding[] {
  const findings = report instanceof DqError ? [] : findingsOf(report);
  if (trouble !== undefined && !findings.some(({ level }) => level === 'bad')) {
    const message = afterSubject(trouble.message);
    findings.push({ subject: 'redis', level: 'bad', message, remedy: remedyOf(trouble) });
  } else if (report instanceof DqError) {
    const message = `it works, and doesn't tell how long it keeps what: ${afterSubject(report.message)}`;
    findings.push({ subject: 'redis', level: 'warn', message, remedy: remedyOf(report) });
  }
  return findings;
}

/** A Redis is called `redis HOST`, and the subject is its first word. */
function afterSubject(text: string): string {
  return text.replace(/^redis /, '');
}

function findingsOf(facts: RedisReport): Finding[] {
  const about = (level: Finding['level'], message: string, remedy?: string): Finding => ({
    subject: 'redis',
    level,
    message,
    ...(remedy === undefined ? {} : { remedy }),
  });
  const findings = [
    about('good', `${facts.version} at ${afterSubject(facts.name)}, ${facts.role}`),
  ];
  if (facts.role === 'slave') {
    findings.push(about('bad', 'a replica takes no claims', 'name the primary, or its sentinels'));
  }
  if (facts.mode === 'cluster') {
    findings.push(about('bad', 'Redis Cluster is not supported', 'a single Redis, or Sentinel'));
  }
  if (facts.maxmemoryPolicy !== 'noeviction') {
    const message = `maxmemory-policy is ${facts.maxmemoryPolicy}: under pressure it forgets who ran what`;
    findings.push(about('warn', message, 'CONFIG SET maxmemory-policy noeviction'));
  }
  if (!facts.appendonly) {
    const kept = facts.save === '' ? 'nothing' : 'only snapshots';
    const message = `it keeps ${kept} over a restart: jobs of that time may run once more`;
    findings.push(about('warn', message, 'CONFIG SET appendonly yes'));
  }
  if (Math.abs(facts.clockAheadMs) > largestClockDifference) {
    const direction = facts.clockAheadMs > 0 ? 'ahead of' : 'behind';
    const difference = `${Math.abs(facts.clockAheadMs)} ms ${direction} this machine's`;
    findings.push(about('warn', `its clock is ${difference}`, 'run an NTP client on both'));
  }
  return findings;
}
