// dq list: the jobs of a tube, without touching any.

import { systemClock } from '../core/clock.ts';
import { NodeError, StrangeEntry, type LedgerDown } from '../core/errors.ts';
import { localZone } from '../core/zone.ts';
import { headLine, jobLine } from '../output/job-line.ts';
import type { Printer } from '../output/printer.ts';
import { surveyJson } from '../output/survey-json.ts';
import { jsonText } from '../output/escape.ts';
import { nodesOf, type SurveyedJob } from '../survey/job.ts';
import {
  needsLedger,
  readSelection,
  remarkOnMatch,
  type SelectionOptions,
} from '../survey/selection.ts';
import { survey } from '../survey/survey.ts';
import { tellBlindness } from './blindness.ts';
import type { Context } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { factsOf } from './job-facts.ts';
import { optional, wholeNumber } from './numbers.ts';
import { openCluster } from './open-cluster.ts';
import { progressBar } from './progress-bar.ts';

export interface ListOptions extends SelectionOptions {
  readonly limit?: string;
}

export async function list(options: ListOptions, context: Context): Promise<void> {
  const { printer } = context;
  const limit = optional(options.limit, (text) => wholeNumber('--limit', text, 1, Infinity));
  const selection = readSelection(options, { now: systemClock.now(), zone: localZone });
  const config = await context.config();
  const cluster = openCluster(config, context);
  const { tube, replicas } = config;
  const bar = await progressBar(printer);
  const sharesLine = printer.columns !== undefined;
  const unseen: string[] = [];
  let found = 0;
  try {
    const print = await printing(replicas, printer);
    const groups = survey({
      ...{ nodes: await cluster.nodes(tube), tube, replicas, selection },
      ledger: await cluster.ledger(),
      onTrouble: (trouble) => {
        bar.hide();
        printer.warn(troubleText(trouble));
        if (trouble instanceof NodeError) unseen.push(trouble.node);
        else if (!(trouble instanceof StrangeEntry) && needsLedger(selection))
          context.exit(exitCodes.unavailable);
      },
      onProgress: (progress) => {
        bar.show(progress, found);
      },
    });
    for await (const group of groups) {
      const jobs = group.slice(0, limit === undefined ? undefined : limit - found);
      found += jobs.length;
      if (jobs.length > 0) {
        if (sharesLine) bar.hide();
        await print(jobs);
      }
      if (printer.closed || found === limit) return;
    }
    bar.hide();
    const remark = found === 0 ? remarkOnMatch(options.match) : undefined;
    if (remark !== undefined) printer.note(remark);
    tellBlindness(unseen, config, context);
  } finally {
    bar.hide();
    await cluster.close();
  }
}

/** Says what is missing because of it. */
function troubleText(trouble: NodeError | LedgerDown): string {
  const { message } = trouble;
  if (trouble instanceof NodeError)
    return `${trouble.node}: ${message}; its replicas are not counted`;
  return trouble instanceof StrangeEntry
    ? `${message}; the state of such a job is that of its replicas`
    : `${message}; the states are those of the replicas`;
}

type Print = (jobs: readonly SurveyedJob[]) => Promise<void> | undefined;

async function printing(wanted: number, printer: Printer): Promise<Print> {
  if (printer.json) {
    return (jobs) => printer.data(jobs.map((job) => jsonText(surveyJson(factsOf(job)))).join('\n'));
  }
  const { columns } = printer;
  const paint = await printer.paint();
  let head = columns === undefined ? [] : [paint.dim(headLine())];
  return (jobs) => {
    const lines = jobs.map(({ state, key, dueNs, payload, replicas }) => {
      const nodes = nodesOf(replicas);
      return jobLine({ state, key, dueNs, payload, nodes, wanted }, columns, paint);
    });
    const text = [...head, ...lines].join('\n');
    head = [];
    return printer.data(text);
  };
}
