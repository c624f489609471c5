// Reads a beanstalkd over one connection, in two round trips: what is there, then every tube at once.

import type { Command } from '../beanstalk/command.ts';
import { Dialer } from '../beanstalk/dialer.ts';
import { peekReady } from '../beanstalk/job-commands.ts';
import type { FoundJob } from '../beanstalk/job-commands.ts';
import { Link } from '../beanstalk/link.ts';
import type { TlsOptions } from '../beanstalk/socket.ts';
import { stats, statsTube } from '../beanstalk/stats-commands.ts';
import type { TubeStats } from '../beanstalk/stats-commands.ts';
import { listTubes, use } from '../beanstalk/tube-commands.ts';
import { systemClock } from '../core/clock.ts';
import { dueMs, openEnvelope } from '../core/envelope.ts';
import { tubeCounts } from './beanstalkd-stats.ts';
import { defaultTimeout, defaultTube, probeTube } from './beanstalkd-defaults.ts';
import type { NodeReading, Gauge, TubeReading } from './gauge.ts';

export interface BeanstalkdGaugeOptions {
  /** `host:port` */
  readonly endpoint: string;
  readonly tls?: TlsOptions | undefined;
}

type Send = <Outcome>(command: Command<Outcome>) => Promise<Outcome>;

export class BeanstalkdGauge implements Gauge {
  readonly endpoint: string;
  readonly #dialer: Dialer;
  readonly #link: Link;

  constructor({ endpoint, tls }: BeanstalkdGaugeOptions) {
    this.endpoint = endpoint;
    const timeouts = { connectTimeout: defaultTimeout, replyTimeout: defaultTimeout };
    this.#dialer = new Dialer({ endpoint, tls, ...timeouts, clock: systemClock });
    this.#link = new Link(this.#dialer, []);
  }

  async read(tube?: string): Promise<NodeReading> {
    const connection = await this.#link.connection();
    const send: Send = (command) => connection.send(command);
    const [server, names] = await Promise.all([
      send(stats()),
      tube === undefined ? send(listTubes()).then(withoutProbe) : [tube],
    ]);
    const looks = names.map((name) => lookAt(name, send));
    // A tube lives on while someone uses it
    const [tubes] = await Promise.all([Promise.all(looks), send(use(defaultTube))]);
    const { version, uptime, binlog, draining } = server;
    return {
      facts: { kind: 'beanstalkd', version, uptime, binlog, draining },
      tubes: new Map(tubes),
    };
  }

  close(): void {
    this.#dialer.close();
  }
}

function withoutProbe(tubes: readonly string[]): string[] {
  return tubes.filter((tube) => tube !== probeTube);
}

async function lookAt(tube: string, send: Send): Promise<[string, TubeReading]> {
  const [counted, , next] = await Promise.all([
    send(statsTube(tube)),
    send(use(tube)),
    send(peekReady()),
  ]);
  return [tube, tubeReading(counted, next)];
}

function tubeReading(counted: TubeStats | undefined, next: FoundJob | undefined): TubeReading {
  const { put, deleted } = counted ?? { put: 0, deleted: 0 };
  const job = next && openEnvelope(next.body);
  return {
    ...tubeCounts(counted),
    totals: { put, deleted },
    nextDue: job && dueMs(job.dueNs),
  };
}
