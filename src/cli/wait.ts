// --wait of put and at: says how the jobs that were put ended.

import type { Cluster } from '../cluster.ts';
import { remoteNode } from '../config/nodes.ts';
import type { Config } from '../config/schema.ts';
import { workerOf } from '../consume/tokens.ts';
import { systemClock } from '../core/clock.ts';
import { formatDuration } from '../core/duration.ts';
import { dueMs } from '../core/envelope.ts';
import { DqError } from '../core/errors.ts';
import { keyOf } from '../core/key.ts';
import type { DeathReason } from '../ledger/ledger.ts';
import type { Printer } from '../output/printer.ts';
import { Endings, type AwaitedJob, type Ending } from '../produce/endings.ts';
import type { Accepted } from '../produce/producer.ts';
import { exitCodes } from './exit-codes.ts';
import { stopSignals, type StopSignals } from './stop-signals.ts';

/** Workers of another machine would tell nobody here that a job is done. */
export function assertWaitable({ nodes, redis }: Config): void {
  const remote = redis === undefined ? remoteNode(nodes) : undefined;
  if (remote === undefined) return;
  throw new DqError('usage', `--wait needs a ledger that the workers of ${remote.endpoint} share`, {
    hint: 'redis: redis://host:6379 in the configuration, or DQ_REDIS; nothing was put',
  });
}

export interface WaitOptions {
  /** In ms; Infinity: as long as it takes. */
  readonly atMost: number;
  /** The jobs are records of stdin: what one is called, before its number. */
  readonly record: 'line' | 'record' | undefined;
}

export class Waiting {
  readonly #options: WaitOptions;
  readonly #printer: Printer;
  readonly #endings: Endings;
  #signals: StopSignals | undefined;
  readonly #counts = { done: 0, dead: 0, revoked: 0, waiting: 0 };

  static async on(cluster: Cluster, options: WaitOptions, printer: Printer): Promise<Waiting> {
    return new Waiting(await cluster.ledger(), cluster.config.tube, options, printer);
  }

  private constructor(
    ledger: Awaited<ReturnType<Cluster['ledger']>>,
    tube: string,
    options: WaitOptions,
    printer: Printer,
  ) {
    this.#options = options;
    this.#printer = printer;
    this.#endings = new Endings({
      ...{ ledger, clock: systemClock, tube, onEnding: this.#tell },
      onLedger: (reason) => {
        if (reason === undefined) printer.note('the ledger is back');
        else printer.warn(`${reason}; waiting on`);
      },
    });
  }

  /** From now on a signal ends the waiting; before that it ends the command, as that of any put. */
  listen(): StopSignals {
    this.#signals ??= stopSignals();
    return this.#signals;
  }

  /** @param number of its record. */
  add({ envelope, dueNs }: Accepted, number: number): void {
    this.#endings.add({ key: keyOf(envelope), dueMs: dueMs(dueNs), number });
  }

  /** When all is put: waits for what is left, and returns the exit code. */
  async end(): Promise<number> {
    const { atMost, record } = this.#options;
    const signals = this.listen();
    try {
      await this.#endings.end(systemClock.now() + atMost, signals.stop);
    } finally {
      signals.release();
    }
    const { done, dead, revoked, waiting } = this.#counts;
    if (record !== undefined)
      this.#printer.note(`${done} done, ${dead} buried, ${revoked} deleted`);
    if (waiting > 0) this.#tellWaiting(signals.code !== undefined);
    if (signals.code !== undefined) return signals.code;
    if (dead + revoked > 0) return exitCodes.notSo;
    return waiting > 0 ? exitCodes.unavailable : exitCodes.done;
  }

  #tellWaiting(stopped: boolean): void {
    if (this.#printer.json) return;
    const { atMost, record } = this.#options;
    const what = record !== undefined ? `${this.#counts.waiting} not over` : 'not over';
    this.#printer.warn(
      stopped
        ? `${what}: stopped waiting, what was put stays`
        : `${what} within ${formatDuration(atMost)}: what was put stays, and may still run`,
    );
  }

  readonly #tell = ({ key, number }: AwaitedJob, ending: Ending | undefined): unknown => {
    this.#counts[ending?.state ?? 'waiting'] += 1;
    if (this.#printer.json) return this.#printer.line({ key, ...endingJson(ending) });
    if (ending === undefined) return undefined;
    const { record } = this.#options;
    const text = `${record === undefined ? '' : `${record} ${number}: `}${textOf(ending)}`;
    if (ending.state !== 'done') this.#printer.warn(text);
    else if (record === undefined) this.#printer.note(text);
    return undefined;
  };
}

/** Undefined: a consumer of go-queue, which has no token. */
function doer(token: string): string | undefined {
  return token === '' ? undefined : workerOf(token);
}

function endingJson(ending: Ending | undefined): object {
  switch (ending?.state) {
    case undefined:
      return { result: 'waiting' };
    case 'done':
      return { result: 'done', exitCode: ending.exitCode, worker: doer(ending.by) };
    case 'dead': {
      const { reason, exitCode, failures } = ending;
      return { result: 'dead', reason, exitCode, failures };
    }
    case 'revoked':
      return { result: 'revoked' };
  }
}

function textOf(ending: Ending): string {
  switch (ending.state) {
    case 'done':
      return `done: exit ${ending.exitCode}, by ${doer(ending.by) ?? 'a consumer of go-queue'}`;
    case 'dead': {
      const { reason, exitCode, failures } = ending;
      const last = exitCode === undefined ? '' : `, exit ${exitCode}`;
      return `buried: ${whyDead(reason, failures)}${last}`;
    }
    case 'revoked':
      return 'it was deleted';
  }
}

function whyDead(reason: DeathReason, failures: number): string {
  switch (reason) {
    case 'failed':
      return `failed ${failures === 1 ? 'once' : `${failures} times`}`;
    case 'rejected':
      return 'rejected by its handler';
    case 'lost':
      return 'its workers disappeared';
    case 'late':
      return 'found too late';
  }
}
