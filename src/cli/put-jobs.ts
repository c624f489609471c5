// What `put` and `at` share: the payloads of the command line or of stdin, put and printed in order.

import { Buffer } from 'node:buffer';
import type { Cluster } from '../cluster.ts';
import { DqError } from '../core/errors.ts';
import { defaultPriority } from '../core/job-defaults.ts';
import { keyOf } from '../core/key.ts';
import { putInOrder, type BulkEnd, type BulkParts } from '../produce/bulk.ts';
import { MayStillRun, type Accepted, type JobProducer } from '../produce/producer.ts';
import { addressesOf } from '../queue/replica-of.ts';
import { jsonText } from '../output/escape.ts';
import { putJson } from '../output/job-json.ts';
import type { Printer } from '../output/printer.ts';
import { quoted } from '../output/quoted.ts';
import { assertWritten } from '../output/standard.ts';
import { refuseTickTubes } from '../schedule/tick-job.ts';
import type { Context } from './context.ts';
import { durationOf, optional, wholeNumber } from './numbers.ts';
import { openCluster } from './open-cluster.ts';
import { assertExact } from './argument.ts';
import type { WaitOptions, Waiting } from './wait.ts';
import {
  endless,
  lineForm,
  longestPayload,
  nullForm,
  records,
  type RecordForm,
  type StdinRecord,
} from './records.ts';
import { stdin } from './stdin.ts';

export interface JobOptions {
  readonly lines?: boolean;
  readonly null?: boolean;
  readonly priority?: string;
  readonly ttr?: string;
  /** Empty: as long as it takes. */
  readonly wait?: string;
}

export interface Due {
  /** The due instant of the next job, ns since the epoch. */
  readonly next: () => bigint;
  /** Each job has an instant of its own. */
  readonly distinct: boolean;
}

interface JobWishes {
  readonly priority: number;
  readonly ttr: number | undefined;
  /** How long to wait for the end of the jobs, in ms; undefined: not at all. */
  readonly wait: number | undefined;
}

type Wanted = JobWishes & { readonly due: Due };

const largest = 2 ** 32 - 1;
/** Records of a chunk of stdin that are put together, and how many such batches are on their way: more bring no more. */
const atOnce = 256;
const inFlight = 8;

export function readJobOptions(options: JobOptions): JobWishes {
  const priority = optional(options.priority, (text) =>
    wholeNumber('--priority', text, 0, largest),
  );
  const ttr = optional(options.ttr, (text) => durationOf('--ttr', text));
  if (ttr !== undefined && ttr < 1_000) throw new DqError('usage', '--ttr must be at least 1s');
  return {
    priority: priority ?? defaultPriority,
    ttr: ttr === undefined ? undefined : Math.ceil(ttr / 1_000),
    wait: optional(options.wait, (text) => (text === '' ? Infinity : durationOf('--wait', text))),
  };
}

/** The payload, or the form of the records on stdin. */
export function readPayload(
  words: readonly string[],
  options: JobOptions,
  command: string,
): { word: string } | { form: RecordForm } {
  const form = formOf(options);
  const [word, second] = words;
  if (form !== undefined) {
    if (word === undefined) return { form };
    throw new DqError('usage', `the jobs come from stdin: what is ${JSON.stringify(word)}?`, {
      hint: strayDuration(word, options) ?? 'give either a payload, or --lines or --null',
    });
  }
  if (word === undefined) {
    throw new DqError('usage', 'no payload was given', {
      hint: `dq ${command} 'payload', or - for stdin, or --lines for a job per line`,
    });
  }
  if (second !== undefined) {
    throw new DqError('usage', `one payload only: what is ${JSON.stringify(second)}?`, {
      hint:
        strayDuration(word, options) ??
        `quote a payload that has blanks: dq ${command} ${quoted(words.join(' '))}`,
    });
  }
  assertExact(word);
  return { word };
}

/** The word after a bare `--wait` is the payload. */
function strayDuration(word: string, { wait }: JobOptions): string | undefined {
  return wait === '' && /^\d[\dhmsdw.]*$/.test(word) ? `--wait=${word}, in one word` : undefined;
}

function formOf({ lines, null: nulls }: JobOptions): RecordForm | undefined {
  if (lines === true && nulls === true) {
    throw new DqError('usage', '--lines and --null exclude each other');
  }
  if (lines === true) return lineForm;
  return nulls === true ? nullForm : undefined;
}

export async function putJobs(
  source: { word: string } | { form: RecordForm },
  wanted: Wanted,
  context: Context,
): Promise<void> {
  const config = await context.config();
  refuseTickTubes([config.tube]);
  const cluster = openCluster(config, context);
  try {
    const { tube, minReplicas } = config;
    const print = printing(context.printer, tube, config.replicas, minReplicas);
    const record = 'form' in source ? source.form.name : undefined;
    const waiting = await waitingFor(cluster, { atMost: wanted.wait, record }, context);
    const onAccepted: OnAccepted = async (accepted, records) => {
      await print(accepted);
      accepted.forEach((job, at) => waiting?.add(job, records[at]?.number ?? 0));
    };
    const producer = await cluster.producer();
    if ('word' in source) {
      const payload = source.word === '-' ? await stdinWhole() : Buffer.from(source.word);
      waiting?.listen();
      await onAccepted([await producer.put(request(payload, wanted))], []);
    } else {
      await putRecords(source.form, wanted, producer, onAccepted, context);
    }
    if (waiting !== undefined) context.exit(await waiting.end());
    await assertWritten("the jobs are kept; their receipts couldn't be printed");
  } finally {
    await cluster.closeFile();
  }
}

async function waitingFor(
  cluster: Cluster,
  { atMost, record }: Pick<WaitOptions, 'record'> & { readonly atMost: JobWishes['wait'] },
  { printer }: Context,
): Promise<Waiting | undefined> {
  if (atMost === undefined) return undefined;
  const { Waiting, assertWaitable } = await import('./wait.ts');
  assertWaitable(cluster.config);
  return Waiting.on(cluster, { atMost, record }, printer);
}

function request(payload: Buffer, { due, priority, ttr }: Wanted) {
  return { payload, dueNs: due.next(), distinct: due.distinct, priority, ttr };
}

async function putRecords(
  form: RecordForm,
  wanted: Wanted,
  producer: JobProducer,
  onAccepted: OnAccepted,
  { printer }: Context,
): Promise<void> {
  let empty = 0;
  const found = records(stdin(), form, () => {
    empty += 1;
  });
  const end = await putInOrder(found, {
    put: (batch) => producer.putAll(batch.map(({ payload }) => request(payload, wanted))),
    undo: (accepted) => producer.undo(accepted, wanted.due.distinct),
    onAccepted,
    atOnce,
    inFlight,
  });
  if (empty > 0) printer.note(`${empty} empty ${empty === 1 ? 'line' : 'lines'} skipped`);
  if (end.refusal === undefined) return;
  throw resumable(end, `${form.name} ${end.refused?.number}`);
}

/** The refusal, with where to go on. */
function resumable(
  { refusal, accepted, mayRun, moreRefusals }: BulkEnd<unknown>,
  place: string,
): unknown {
  if (!(refusal instanceof DqError)) return refusal;
  const refused = [refusal, ...moreRefusals].filter((each) => each instanceof MayStillRun);
  const undone = mayRun.map(({ envelope }) => keyOf(envelope));
  const keys = [...refused.map(({ key }) => key), ...undone];
  const left = keys.length === 0 ? '' : `; may still run: ${keys.join(', ')}`;
  const why = refusal instanceof MayStillRun ? refusal.refusal.message : refusal.message;
  const isHopeless = refusal.kind === 'usage' && refusal.hint !== undefined;
  const remedy = isHopeless ? `; ${refusal.hint}` : '';
  return new DqError(refusal.kind, `${place}: ${why}${left}`, {
    hint: `${accepted} accepted, nothing from ${place} on is kept: resume there${remedy}`,
    cause: refusal,
  });
}

async function stdinWhole(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin()) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestPayload) throw endless('stdin');
  }
  return Buffer.concat(chunks);
}

type OnAccepted = BulkParts<StdinRecord>['onAccepted'];

type Print = (accepted: readonly Accepted[]) => Promise<void> | undefined;

/** Prints each accepted job, those that come together in one write, and says once which nodes don't take part. */
function printing(printer: Printer, tube: string, replicas: number, minReplicas: number): Print {
  const told = new Set<string>();
  const warn = ({ failed, replicas: kept }: Accepted): void => {
    for (const { node, message } of failed) {
      if (told.has(node)) continue;
      told.add(node);
      const count = `${kept.length} of ${replicas} replicas (at least ${minReplicas})`;
      if (!printer.json) printer.warn(`${node}: ${message}; ${count}`);
    }
  };
  const lineOf = lining(printer, tube);
  return (accepted) => {
    const printed = printer.data(accepted.map(lineOf).join('\n'));
    accepted.forEach(warn);
    return printed;
  };
}

function lining(printer: Printer, tube: string): (accepted: Accepted) => string {
  if (!printer.json) return ({ receipt }) => receipt;
  return (accepted) => {
    const addresses = addressesOf(accepted.replicas);
    return jsonText(putJson({ ...accepted, addresses, tube, key: keyOf(accepted.envelope) }));
  };
}
