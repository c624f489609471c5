// What one host that runs a schedule is made of.

import { Buffer } from 'node:buffer';
import type { Cluster } from '../cluster.ts';
import type { Background } from '../consume/background.ts';
import type { Report } from '../consume/events.ts';
import { Leases } from '../consume/lease.ts';
import { workerName } from '../consume/name.ts';
import { Worker } from '../consume/worker.ts';
import { ownAccount } from '../core/account.ts';
import { systemClock } from '../core/clock.ts';
import { defaultPriority } from '../core/job-defaults.ts';
import { errorBacklog } from '../output/standard.ts';
import type { JobRequest } from '../produce/producer.ts';
import { inheritedEnvironment } from '../run/environment.ts';
import { commandRunner, type RunLine } from '../schedule/command-runner.ts';
import type { Entry, Put } from '../schedule/entry.ts';
import { Heartbeat } from '../schedule/heartbeat.ts';
import { Overlap } from '../schedule/overlap.ts';
import { Planner } from '../schedule/planner.ts';
import { Recorder } from '../schedule/record.ts';
import { tickHandler } from '../schedule/tick-handler.ts';
import { hostTube, tickPayload, tickTube } from '../schedule/tick-job.ts';
import type { Timetable } from '../schedule/timetable.ts';
import { withAccount } from '../schedule/variables.ts';
import type { Context } from './context.ts';
import { eventsOfWorker } from './cron-events.ts';
import type { RebootParts } from './reboot-entries.ts';

export interface CronHostParts {
  readonly cluster: Cluster;
  readonly timetable: Timetable;
  /** The path of the schedule. */
  readonly file: string;
  /** By the ledger's clock, ms since the epoch; undefined: it can't be asked. */
  readonly ledgerNow: () => Promise<number | undefined>;
  readonly report: Report;
  readonly concurrency: number;
  readonly inBackground: Background;
  readonly context: Context;
}

export interface CronHost {
  readonly worker: Worker;
  readonly planner: Planner;
  readonly heartbeat: Heartbeat;
  /** Those of overlap: to be renewed until the worker has ended. */
  readonly leases: Leases;
  readonly atStart: RebootParts;
}

const nsPerMs = 1_000_000n;

export async function cronHost(parts: CronHostParts): Promise<CronHost> {
  const { cluster, timetable, file, ledgerNow, report, concurrency, inBackground, context } = parts;
  const { config } = cluster;
  const shared = tickTube(config.tube);
  const own = hostTube(config.tube, timetable.host);
  const [ledger, board] = [await cluster.ledger(), await cluster.board(shared)];
  const clock = systemClock;
  const leases = new Leases(ledger, clock, inBackground);
  const name = workerName();
  const monotonic = (): number => performance.now();
  const heartbeat = new Heartbeat({
    ...{ board, report, clock, monotonic, inBackground, file },
    ...{ process: name, host: timetable.host },
  });
  const running = {
    ...{ timetable, clock, ledgerNow, report, config: config.file },
    recorder: new Recorder({ board, report, clock, host: timetable.host }),
    noteRun: heartbeat.noteRun,
    runLine: lineRunner(context, report),
    putJob: async (task: Put, dueNs: bigint): Promise<void> => {
      const producer = await cluster.producer(task.tube ?? config.tube);
      await producer.put(request(Buffer.from(task.payload), dueNs));
    },
  };
  const overlap = new Overlap({ ledger, leases, clock, tube: shared });
  const tell = eventsOfWorker(report, timetable, own);
  const worker = new Worker({
    ...{ name, ledger, clock, concurrency, backlog: errorBacklog, asksLedger: true },
    report: (event) => {
      tell(event);
      if (event.event === 'node-up') planner.renew();
    },
    handler: tickHandler({ ...running, overlap }),
    admit: timetable.admit,
    factsOf: timetable.factsOf,
    tubes: [
      { name: shared, nodes: await cluster.nodes(shared) },
      { name: own, nodes: await cluster.nodes(own) },
    ],
    ...{ random: Math.random, attempts: Infinity, grace: config.work.grace },
  });
  const ofAny = await cluster.producer(shared);
  const ofEach = await cluster.producer(own);
  const write = async (entry: Entry, due: number): Promise<void> => {
    const producer = timetable.tubeOf(entry) === own ? ofEach : ofAny;
    await producer.put(request(tickPayload(entry.name), BigInt(due) * nsPerMs));
  };
  const attend = (entries: readonly Entry[]): Promise<void> => heartbeat.beat(entries);
  const planner = new Planner({ timetable, board, clock, report, write, attend, monotonic });
  return { worker, planner, heartbeat, leases, atStart: { ...running, grace: config.work.grace } };
}

/** The same tick is the same job from whichever host. */
function request(payload: Buffer, dueNs: bigint): JobRequest {
  return { payload, dueNs, distinct: false, priority: defaultPriority };
}

function lineRunner({ printer, env }: Context, report: Report): RunLine {
  const inherited = withAccount(inheritedEnvironment(env), ownAccount());
  return commandRunner({
    env: inherited,
    home: inherited['HOME'] ?? '/',
    onOutput: printer.json
      ? (entry, stream, text) => {
          report({ level: 'info', event: 'output', entry, stream, text });
        }
      : undefined,
    backlog: errorBacklog,
  });
}
