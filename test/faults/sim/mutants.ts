// Mutants: the sources with one promise broken each. A simulation that lets one pass proves nothing.

import type { Change } from './compile.ts';
import type { plays } from './plays.ts';
import type { Place } from './world.ts';

export interface Mutant {
  readonly name: string;
  readonly place: Place;
  readonly changes: readonly Change[];
  /** What the simulation must say of it. */
  readonly caughtBy: RegExp;
  /** Where it is caught; left out: in some weather. */
  readonly play?: keyof typeof plays;
}

const attempt = 'src/consume/attempt.ts';
const batches = 'src/consume/batches.ts';
const embeddedLedger = 'src/embedded/ledger.ts';
const embeddedNode = 'src/embedded/node.ts';
const machine = 'src/ledger/machine.ts';
const lock = 'src/produce/repair-lock.ts';
const producer = 'src/produce/producer.ts';
const repair = 'src/produce/repair.ts';
const replicator = 'src/produce/replicator.ts';
const revoke = 'src/produce/revoke.ts';
const worker = 'src/consume/worker.ts';

function mutant(name: string, file: string, from: string, to: string, caughtBy: RegExp): Mutant {
  return { name, place: 'cluster', changes: [{ file, from, to }], caughtBy };
}

/** One that only the embedded queue has. */
function onMachine(...words: Parameters<typeof mutant>): Mutant {
  return { ...mutant(...words), place: 'machine' };
}

/** One that needs what the weather hardly ever brings. */
function inPlay(play: keyof typeof plays, ...words: Parameters<typeof mutant>): Mutant {
  return { ...mutant(...words), play };
}

export const mutants: readonly Mutant[] = [
  mutant(
    'deletes the replicas before the run',
    attempt,
    'const outcome = await handler(',
    'await Promise.allSettled(this.#replicas.map(({ reservation }) => reservation.delete()));\n' +
      '    const outcome = await handler(',
    /deleted a replica of \S+ that is not done/,
  ),
  mutant(
    'deletes spares of a running job',
    attempt,
    "return { kind: 'release', delay: Math.ceil(answer.waitMs / 1_000) };",
    "return { kind: 'delete' };",
    /deleted a replica of \S+ that is not done/,
  ),
  mutant(
    'releases spares of a running job for no time',
    attempt,
    "return { kind: 'release', delay: Math.ceil(answer.waitMs / 1_000) };",
    "return { kind: 'release', delay: 0 };",
    /spins/,
  ),
  mutant(
    'writes done before the handler has ended',
    attempt,
    'const outcome = await handler(',
    'await this.#parts.ledger.done(this.job, claim, 0);\n    const outcome = await handler(',
    /is done without a success/,
  ),
  mutant(
    'holds a job by an unrounded timer',
    attempt,
    'await sleepUntil(clock, this.job.dueMs, stopping);',
    'await clock.sleep(this.job.dueMs - clock.now(), stopping);',
    /ms early/,
  ),
  mutant(
    'does not look again after it buried',
    attempt,
    "if (settled && fate.kind === 'bury') await this.#lookAgain(replica.reservation);",
    '',
    /not over/,
  ),
  mutant(
    'starts a handler after it was stopped',
    attempt,
    'if (!stopping.aborted && clock.now() - this.#askedAt <= oldestGrant) {',
    'if (clock.now() - this.#askedAt <= oldestGrant) {',
    /after it was stopped/,
  ),
  mutant(
    'deletes what was put again after a delete',
    attempt,
    'if (age !== undefined && isPutAfter(age, looked.answer.agoMs + passed)) {',
    'if (age !== undefined && isPutAfter(0, -1)) {',
    /deleted a replica of \S+ that is not done/,
  ),
  mutant(
    'runs what was deleted',
    machine,
    'return age * 1_000 + revocationMargin < revokedAgoMs;',
    'return age + revocationMargin + revokedAgoMs > 0;',
    /started after it was deleted/,
  ),
  mutant(
    'takes a claim over in one step',
    machine,
    'if (entry.suspectAt === 0) {',
    'if (entry.suspectAt < 0) {',
    /was taken from/,
  ),
  mutant(
    'renews without a look at the token',
    machine,
    'if (!isOwner(entry, holder)) return { entry, answer: false };\n  const claimedAt',
    'const claimedAt',
    /was done, is claimed|was taken from/,
  ),
  mutant(
    'writes a failure without a look at the token',
    machine,
    "if (!isOwner(entry, holder)) return { entry, answer: false };\n  return { entry: { state: 'retry', ...waiting }, answer: true };",
    "return { entry: { state: 'retry', ...waiting }, answer: true };",
    /wrote retry for|was done, is retry|started after it was deleted/,
  ),
  mutant(
    'forgets by the time since now instead of since due',
    machine,
    'Math.max(now, dueMs) - now + terms.ttl',
    'terms.ttl',
    /started after it was (deleted|refused)|succeeded \d+ times|dead, not late/,
  ),
  mutant(
    'counts an attempt twice when its answer was lost',
    machine,
    'return grant(entry.claim, now, terms, entry.claimedAt);',
    'return grant(next(entry.claim, request.token), now, terms);',
    /counts \d+ attempts/,
  ),
  mutant(
    'runs what is older than the memory of the ledger',
    machine,
    "if (now - dueMs > terms.ttl) return die('late', fresh, now);",
    '',
    /was run too late|started after it was deleted|succeeded \d+ times/,
  ),
  mutant(
    'kicks what is done',
    machine,
    "case undefined:\n    case 'dead':\n      return {\n        entry: {\n          state: 'retry',\n          attempt: entry?.attempt ?? 0,",
    "case undefined:\n    case 'done':\n    case 'dead':\n      return {\n        entry: {\n          state: 'retry',\n          attempt: 0,",
    /was done, is retry/,
  ),
  mutant(
    'does not count failures',
    machine,
    'failures: failures + 1,\n    deaths,\n    notBefore',
    'failures,\n    deaths,\n    notBefore',
    /failed \d+ times of/,
  ),
  mutant(
    'never renews a lease',
    'src/consume/lease.ts',
    'const ours = await this.#ledger.renew(lease.job, lease.claim);',
    'const ours = true;',
    /was taken from/,
  ),
  mutant(
    'leaves a claim whose answer was lost',
    worker,
    "if (answer.kind !== 'granted') continue;",
    'continue;',
    /was taken from/,
  ),
  mutant(
    'takes a job that failed for one that is done',
    worker,
    "if (verdict.kind === 'done') this.#finished.add(job.name);",
    "if (verdict.kind !== 'giveBack') this.#finished.add(job.name);",
    /deleted a replica of \S+ that is not done/,
  ),
  mutant(
    'counts the failure of a batch against each of its jobs',
    batches,
    "return { kind: 'deferred', delayMs: 0, counts: true, why };",
    'return outcome;',
    /counts \d+ failures, it had|is rejected by nobody/,
  ),
  mutant(
    'starts a batch after it was stopped',
    batches,
    'this.#stopped = true;',
    'return;',
    /after it was stopped/,
  ),
  mutant(
    'is drained while a postponed job is on its way back',
    worker,
    'this.#working > 0 || this.#postponed > 0',
    'this.#working > 0',
    /is drained, though/,
  ),
  mutant(
    'is drained while it has work',
    'src/consume/drain.ts',
    'clean = looks?.clean === true && idle() ? clean + 1 : 0;',
    'clean = 2;',
    /is drained, though|unsettled|not over/,
  ),
  mutant(
    'deletes the replicas before the ledger is asked',
    revoke,
    'const answer = await ledger.revoke(',
    'await onEach(job.replicas, ({ node, id, envelope }) => node.delete(id, envelope));\n  const answer = await ledger.revoke(',
    /deleted a replica of \S+ that is not done/,
  ),
  mutant(
    'disowns a job that others may have put as well',
    producer,
    'if (distinct && (await this.#revoke',
    'if ((await this.#revoke',
    /nobody deleted it/,
  ),
  mutant(
    'leaves what was written of a job it refuses',
    replicator,
    'const takenBack = await takeBack(written.replicas, put);',
    'const takenBack = true;',
    /started after it was refused/,
  ),
  mutant(
    'says nothing of a put whose reply never came',
    replicator,
    '!takenBack || unconfirmed',
    '!takenBack && unconfirmed',
    /started after it was refused/,
  ),
  inPlay(
    'mistakenReplica',
    'takes an equal put back by its id alone',
    replicator,
    '(distinct ? node : life)',
    'node',
    /deleted a replica of \S+ that is not done/,
  ),
  inPlay(
    'longRepair',
    'does not renew the lock of repair',
    lock,
    'if (!(await ledger.renew(job, claim))) lost.abort();',
    '',
    /repairs while repair\d+ does/,
  ),
  inPlay(
    'deadRepairer',
    'does not look before it puts a replica',
    repair,
    "if (isOver(await ledger.look(ref))) return 'over';",
    '',
    /started after it was deleted/,
  ),
  mutant(
    'repairs while another does',
    lock,
    "throw new DqError('unavailable', `${holder.claim.token} is repairing ${tube}`);",
    'return hold(job, holder.claim, ledger, clock);',
    /repairs while repair\d+ does/,
  ),
  mutant(
    'does not look again after a repair',
    repair,
    'if (!isOver(standing)) return true;',
    'return true;',
    /left a replica of \S+, which was over/,
  ),
  mutant(
    'repairs with too short a delay',
    repair,
    'const leastDelay = 10;',
    'const leastDelay = 0;',
    /put \S+ to be run in \d+ ms/,
  ),
  mutant(
    'repairs what is late',
    repair,
    "if (now - ref.dueMs > ttl) return 'late';",
    '',
    /repaired \S+, which is late/,
  ),
  mutant(
    'repairs what has a buried replica',
    repair,
    "if (replicas.some(({ stats }) => stats.state === 'buried') || isOver(standing)) return 'over';",
    "if (isOver(standing)) return 'over';",
    /repaired \S+, which has a buried replica/,
  ),
  onMachine(
    'accepts a job before it is on the disk',
    embeddedNode,
    'const changed: WriteTerms = { durable: true,',
    'const changed: WriteTerms = { durable: false,',
    /not over/,
  ),
  onMachine(
    'says done before that is on the disk',
    embeddedLedger,
    'const kept: WriteTerms = { durable: true,',
    'const kept: WriteTerms = { durable: false,',
    /succeeded \d+ times|failed \d+ times of/,
  ),
  onMachine(
    'takes other replicas away with those of a job that is done',
    embeddedLedger,
    'DELETE FROM replica WHERE tube = ? AND key = ?',
    'DELETE FROM replica WHERE tube = ? AND key >= ?',
    /deleted a replica of \S+ that is not done/,
  ),
  inPlay(
    'lateReplica',
    'forgets what was done while a replica is left',
    embeddedLedger,
    'OR forget_at > ? OR ${inFile})',
    'OR forget_at > ?)',
    /succeeded 2 times/,
  ),
  onMachine(
    'wakes nobody for a put',
    embeddedNode,
    'const changed: WriteTerms = { durable: true, rings: true }',
    'const changed: WriteTerms = { durable: true, rings: false }',
    /ms late/,
  ),
  onMachine(
    'reserves what is reserved',
    embeddedNode,
    "AND state IN ('delayed', 'reserved') AND until <= ?",
    "AND state IN ('delayed', 'reserved') AND until > ?",
    /spins/,
  ),
];
