// From unknown values (a file, variables, options) to a configuration, or to all that is wrong with them.

import type { Issue } from './issue.ts';
import { nodes, nodesOfText, type NodeConfig, type Nodes, type ReadText } from './nodes.ts';
import { count, duration, flag, isMapping, mapping, tubeName } from '../core/reader.ts';
import type { Reader, Report } from '../core/reader.ts';
import { redis, redisAddress, type RedisConfig } from './redis.ts';

/** Durations are in ms. */
export interface Config {
  /** The absolute path of the file it was read from. */
  readonly file: string | undefined;
  /** Whether a file or `DQ_NODES` chose the nodes; the embedded queue may just be all there is. */
  readonly found: boolean;
  readonly nodes: Nodes;
  /** An address or ioredis options; always undefined with the embedded queue, which is its own ledger. */
  readonly redis: RedisConfig | undefined;
  /** Ledger keys are shared with go-queue's consumers. */
  readonly goQueue: boolean;
  /** The logical tube, the first of `tubes`. */
  readonly tube: string;
  /** More than one only when options named them. */
  readonly tubes: readonly string[];
  /** An option or `DQ_TUBE` chose the tube: a node's own `tube` doesn't apply. */
  readonly tubeGiven: boolean;
  /** 1 ≤ minReplicas ≤ replicas ≤ number of nodes. */
  readonly replicas: number;
  /** As many as the file asks for, though there are fewer nodes. */
  readonly replicasWanted: number;
  readonly minReplicas: number;
  readonly ledger: { readonly ttl: number };
  readonly work: {
    readonly concurrency: number;
    readonly attempts: number;
    readonly timeout: number | undefined;
    readonly grace: number;
  };
  /** As it is in the file: the schedule knows what it means. */
  readonly cron: unknown;
}

export interface Sources {
  /** What a file holds. */
  readonly file: { readonly path: string; readonly value: unknown } | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** The tubes that options named. */
  readonly tubes: readonly string[];
  readonly readText: ReadText;
}

export type Parsed =
  | { readonly config: Config; readonly issues?: undefined }
  | { readonly issues: readonly [Issue, ...Issue[]] };

const day = 86_400_000;
const defaults = {
  tube: 'default',
  replicas: 3,
  minReplicas: 2,
  ttl: 3 * day,
  concurrency: 1,
  attempts: 5,
  grace: 25_000,
};

const workShape = {
  concurrency: count,
  attempts: count,
  timeout: duration('1ms'),
  grace: duration('0s'),
};
const ledgerShape = { ttl: duration('1h') };
const nestedPaths = [
  ...Object.keys(workShape).map((key) => `work.${key}`),
  ...Object.keys(ledgerShape).map((key) => `ledger.${key}`),
];

type Written = ReturnType<ReturnType<typeof options>>;

export function parseConfig(sources: Sources): Parsed {
  const issues: Issue[] = [];
  const written = readFile(sources, issues);
  const report = reporter(issues, undefined);
  const fromEnv = readEnvironment(sources.env, report);

  const file = sources.file?.path;
  const found = sources.file !== undefined || fromEnv.nodes !== undefined;
  const chosen = withWrittenOptions(fromEnv.nodes, written.nodes) ?? written.nodes ?? 'embedded';
  const redis = fromEnv.redis ?? written.redis;
  if (!found && isCi(sources.env)) report('nodes', ...lostInCi);
  reportMissingLedger(chosen, redis, reporter(issues, file));
  reportLoneGoQueue(written, chosen, redis, reporter(issues, file));
  const replicas = countReplicas(written, chosen, reporter(issues, file));
  const tubes = chooseTubes(sources.tubes, fromEnv.tube, report);

  const [first, ...more] = issues;
  if (first !== undefined) return { issues: [first, ...more] };
  return {
    config: {
      file,
      found,
      nodes: chosen,
      redis: chosen === 'embedded' ? undefined : redis,
      goQueue: written.goQueue ?? false,
      tube: tubes[0] ?? written.tube ?? defaults.tube,
      tubes: tubes.length > 0 ? tubes : [written.tube ?? defaults.tube],
      tubeGiven: tubes.length > 0,
      ...replicas,
      ledger: { ttl: written.ledger?.ttl ?? defaults.ttl },
      work: {
        concurrency: written.work?.concurrency ?? defaults.concurrency,
        attempts: written.work?.attempts ?? defaults.attempts,
        timeout: written.work?.timeout,
        grace: written.work?.grace ?? defaults.grace,
      },
      cron: written.cron,
    },
  };
}

function options(readText: ReadText) {
  return mapping(
    {
      nodes: nodes(readText),
      redis: redis(readText),
      goQueue: flag,
      tube: tubeName,
      replicas: count,
      minReplicas: count,
      ledger: mapping(ledgerShape),
      work: mapping(workShape),
      cron: ((value) => value ?? undefined) satisfies Reader<unknown>,
    },
    nestedPaths,
  );
}

/** Without `nodes`, a file is an error unless `DQ_NODES` has them: never a reason for the embedded queue. */
function readFile({ file, env, readText }: Sources, issues: Issue[]): Written {
  if (file === undefined) return {};
  const report = reporter(issues, file.path);
  if (file.value === null || file.value === undefined) {
    report('', 'the file is empty', 'dq init shows a commented one');
    return {};
  }
  const written = options(readText)(file.value, '', report);
  if (isMapping(file.value) && written.nodes === undefined && env['DQ_NODES'] === undefined) {
    report('nodes', 'is missing', 'a list of endpoints, or nodes: embedded');
  }
  return written;
}

/** A variable that is set but empty is an error as well: a script's typo mustn't send jobs elsewhere. */
function readEnvironment(env: NodeJS.ProcessEnv, report: Report) {
  const { DQ_NODES, DQ_REDIS, DQ_TUBE } = env;
  return {
    nodes: DQ_NODES === undefined ? undefined : nodesOfText(DQ_NODES, 'DQ_NODES', report),
    redis: DQ_REDIS === undefined ? undefined : redisAddress(DQ_REDIS, 'DQ_REDIS', report),
    tube: DQ_TUBE === undefined ? undefined : tubeName(DQ_TUBE, 'DQ_TUBE', report),
  };
}

/** A node that `DQ_NODES` names keeps the `tube` and `tls` it has in the file: never plain text instead of TLS. */
function withWrittenOptions(named: Nodes | undefined, written: Nodes | undefined) {
  if (!isList(named) || !isList(written)) return named;
  return named.map((node) => written.find((same) => same.endpoint === node.endpoint) ?? node);
}

function isList(nodes: Nodes | undefined): nodes is readonly NodeConfig[] {
  return typeof nodes === 'object';
}

const lostInCi = [
  'no configuration, and CI is set: a job put into a container that is thrown away is lost',
  'set DQ_NODES to your nodes, or to embedded if that is what you want',
] as const;

function isCi({ CI }: NodeJS.ProcessEnv): boolean {
  return CI !== undefined && !['', '0', 'false'].includes(CI.toLowerCase());
}

function reportMissingLedger(
  chosen: Nodes,
  address: RedisConfig | undefined,
  report: Report,
): void {
  if (chosen === 'embedded' || chosen.length < 2 || address !== undefined) return;
  const why = `each job lies in several of the ${chosen.length} nodes, and workers agree there on who runs it`;
  report('redis', `is missing: ${why}`, 'redis: redis://host:6379, or DQ_REDIS');
}

/** Go consumers know of no other locks than those in Redis. */
function reportLoneGoQueue(
  { goQueue }: Written,
  chosen: Nodes,
  address: RedisConfig | undefined,
  report: Report,
): void {
  if (goQueue !== true || chosen === 'embedded' || chosen.length > 1 || address !== undefined)
    return;
  report(
    'goQueue',
    'needs redis: Go consumers agree there',
    'redis: redis://host:6379, or DQ_REDIS',
  );
}

/** `minReplicas` is a promise, so that one which can't be kept is an error; `replicas` is a wish. */
function countReplicas(written: Written, chosen: Nodes, report: Report) {
  const most = chosen === 'embedded' ? 1 : chosen.length;
  const wanted = written.replicas ?? defaults.replicas;
  const replicas = Math.min(wanted, most);
  const least = written.minReplicas;
  if (least !== undefined && least > wanted) {
    report('minReplicas', `${least} is more than replicas, ${wanted}`);
  } else if (least !== undefined && written.nodes === chosen && most > 0 && least > most) {
    report('minReplicas', `${least} is more than the number of nodes, ${most}`);
  }
  const replicasWanted = written.replicas ?? replicas;
  return {
    replicas,
    replicasWanted,
    minReplicas: Math.min(least ?? defaults.minReplicas, replicas),
  };
}

function chooseTubes(
  named: readonly string[],
  fromEnv: string | undefined,
  report: Report,
): readonly string[] {
  if (named.length === 0) return fromEnv === undefined ? [] : [fromEnv];
  return [...new Set(named.map((tube) => tubeName(tube, '--tube', report)))];
}

function reporter(issues: Issue[], file: string | undefined): Report {
  return (path, message, hint) => {
    issues.push({
      ...(file !== undefined && { file }),
      ...(path !== '' && { path }),
      message,
      ...(hint !== undefined && { hint }),
    });
  };
}
