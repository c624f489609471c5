// dq doctor: looks at the configuration, every node and the ledger, and names the remedy of what is wrong.

import { Cluster } from '../cluster.ts';
import { systemClock } from '../core/clock.ts';
import { DqError, NodeError } from '../core/errors.ts';
import type { Config } from '../config/schema.ts';
import { escapeControl } from '../output/escape.ts';
import type { BeanstalkdNode } from '../queue/beanstalkd.ts';
import type { Context } from './context.ts';
import {
  diagnoseNode,
  diagnoseRedis,
  diagnoseTwins,
  diagnoseWorkers,
  type Finding,
  type Staff,
} from './diagnosis.ts';
import { diagnoseCron } from './cron-diagnosis.ts';
import { lookAtCron } from './doctor-cron.ts';
import { exitCodes } from './exit-codes.ts';

export async function doctor(context: Context): Promise<void> {
  const config = await context.configOfTubes();
  const cluster = new Cluster(config, context.env);
  try {
    const tubes = await Promise.all(config.tubes.map((tube) => lookAtTube(tube, cluster)));
    const ofNodes = tubes[0]?.nodes ?? [];
    const twins = tubes[0]?.twins ?? [];
    const ofLedger = await lookAtLedger(cluster);
    const ofTubes = tubes.flatMap(({ workers, cron }) => [workers, ...cron]);
    await print(
      [...lookAtConfig(config), ...ofNodes.flat(), ...twins, ...ofLedger, ...ofTubes],
      context,
    );
    const usable = ofNodes.filter((findings) => !findings.some(isBad)).length;
    const works = usable >= config.minReplicas && !ofLedger.some(isBad);
    context.exit(works ? exitCodes.done : exitCodes.unavailable);
  } finally {
    await cluster.close();
  }
}

function isBad({ level }: Finding): boolean {
  return level === 'bad';
}

function lookAtConfig(config: Config): Finding[] {
  const { file, nodes, replicas, replicasWanted, minReplicas, tubes } = config;
  const count = nodes === 'embedded' ? 1 : nodes.length;
  const from = file ?? (config.found ? 'the environment' : 'none found');
  const about = `${counted(count, 'node')}, ${counted(replicas, 'replica')} (at least ${minReplicas})`;
  const message = `${from}: tube ${tubes.join(', ')}, ${about}`;
  const findings: Finding[] = [{ subject: 'configuration', level: 'good', message }];
  if (replicas === 1 && nodes !== 'embedded') {
    findings.push({
      subject: 'configuration',
      level: 'warn',
      message: 'one replica: a job dies with its node',
      remedy: 'add nodes',
    });
  } else if (replicasWanted > replicas) {
    findings.push({
      subject: 'configuration',
      level: 'warn',
      message: `replicas: ${replicasWanted}, but a node holds one of a job, so there are ${replicas}`,
      remedy: `add nodes, or set replicas: ${replicas}`,
    });
  }
  return findings;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

interface TubeFindings {
  /** By node. */
  readonly nodes: readonly (readonly Finding[])[];
  readonly twins: readonly Finding[];
  readonly workers: Finding;
  readonly cron: readonly Finding[];
}

async function lookAtTube(tube: string, cluster: Cluster): Promise<TubeFindings> {
  const looks =
    cluster.config.nodes === 'embedded'
      ? [await lookAtEmbedded(tube, cluster)]
      : await Promise.all((await cluster.beanstalkdNodes(tube)).map(lookAtNode));
  const cron = await cronOf(tube, cluster);
  const staff = looks.flatMap((look) => look.staff ?? []);
  const servers = new Map(looks.map(({ endpoint, server }) => [endpoint, server]));
  return {
    nodes: looks.map(({ findings }) => findings),
    twins: diagnoseTwins(servers),
    workers: diagnoseWorkers(tube, staff, cron.length > 0),
    cron,
  };
}

/** What keeps its board from being asked is told with the ledger, or the queue file. */
async function cronOf(tube: string, cluster: Cluster): Promise<Finding[]> {
  try {
    const facts = await lookAtCron(tube, cluster);
    return facts === undefined ? [] : diagnoseCron(facts, systemClock.now());
  } catch (error) {
    if (error instanceof DqError && error.kind === 'unavailable') return [];
    throw error;
  }
}

interface Look {
  readonly endpoint: string;
  readonly findings: readonly Finding[];
  /** Undefined: it can't be asked. */
  readonly staff?: Staff | undefined;
  /** Undefined: not known. */
  readonly server?: string | undefined;
}

async function lookAtEmbedded(tube: string, cluster: Cluster): Promise<Look> {
  const finding = await lookAtFile('embedded', cluster);
  const look = { endpoint: 'embedded', findings: [finding] };
  if (isBad(finding)) return look;
  const [node] = await cluster.nodes(tube);
  const counts = await node?.counts();
  if (counts === undefined) return look;
  const { waiting, reserved, ready, delayed, buried } = counts;
  return { ...look, staff: { waiting, reserved, idle: ready + delayed + buried } };
}

/** The file of the embedded queue, or of the ledger of a lone beanstalkd: can it be written? */
async function lookAtFile(subject: 'embedded' | 'ledger', cluster: Cluster): Promise<Finding> {
  try {
    const { path } = await cluster.embedded();
    await (await cluster.ledger()).ready();
    return { subject, level: 'good', message: `${path}: this machine and user only` };
  } catch (error) {
    if (!(error instanceof DqError) || error.kind !== 'unavailable') throw error;
    const remedy = 'is its disk full, or does another program keep it locked?';
    return { subject, level: 'bad', message: error.message, remedy };
  }
}

async function lookAtNode(node: BeanstalkdNode): Promise<Look> {
  const { endpoint } = node;
  try {
    const facts = await node.describe();
    const { server } = facts;
    return { endpoint, findings: diagnoseNode(endpoint, facts), staff: facts, server };
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    const remedy = 'is beanstalkd running there, and does it listen on that address (-l)?';
    const finding = {
      subject: endpoint,
      level: 'bad' as const,
      message: error.message,
      remedy,
    };
    return { endpoint, findings: [finding] };
  }
}

async function lookAtLedger(cluster: Cluster): Promise<Finding[]> {
  const { redis, nodes } = cluster.config;
  if (redis !== undefined) return lookAtRedis(redis, cluster);
  return nodes === 'embedded' ? [] : [await lookAtFile('ledger', cluster)];
}

async function lookAtRedis(
  redis: NonNullable<Config['redis']>,
  cluster: Cluster,
): Promise<Finding[]> {
  const { checkRedis } = await import('../ledger/redis/check.ts');
  const [report, trouble] = await Promise.all([
    checkRedis({ redis }).catch(troubleIn),
    tryLedger(cluster).catch(troubleIn),
  ]);
  return diagnoseRedis(report, trouble);
}

/** What a worker needs of it: entries can be read and written. */
async function tryLedger(cluster: Cluster): Promise<undefined> {
  const ledger = await cluster.ledger();
  await ledger.look({ tube: cluster.config.tube, key: 'doctor', dueMs: 0 });
  await ledger.ready();
}

function troubleIn(error: unknown): DqError {
  if (error instanceof DqError) return error;
  throw error;
}

async function print(findings: readonly Finding[], { printer }: Context): Promise<void> {
  if (printer.json) {
    for (const finding of findings) await printer.line(finding);
    return;
  }
  const paint = await printer.paint();
  const signs = { good: paint.good('ok  '), warn: paint.warn('warn'), bad: paint.bad('BAD ') };
  for (const { subject, level, message, remedy } of findings) {
    await printer.data(`${signs[level]} ${paint.strong(subject)} ${escapeControl(message)}`);
    if (remedy !== undefined) await printer.data(`     ${paint.dim(`remedy: ${remedy}`)}`);
  }
}
