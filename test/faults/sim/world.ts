// The world of one seed: virtual time, hosts, processes, the ways between them, and what was seen.

import { Beanstalkd } from './beanstalkd.ts';
import { Path, type Host } from './channel.ts';
import { History } from './history.ts';
import { LedgerHost, type LedgerView } from './ledger.ts';
import { Meter } from './meter.ts';
import { Process, Skew } from './process.ts';
import { QueueFile } from './queue-file.ts';
import { Random } from './random.ts';
import type { Store } from './stored.ts';
import { Timeline } from './timeline.ts';
import { Weather, calm, climateOf, disastersOf } from './weather.ts';
import { defaultTerms } from '../../../src/ledger/ledger.ts';

/**
 * - `cluster`: some beanstalkd nodes and a ledger; `machine`: one machine with the embedded queue.
 * - Else a place without weather, for a scene that a test plays; without nodes it is a machine.
 */
export type Setting = Place | { readonly nodes: number; readonly binlog: boolean };
export type Place = 'cluster' | 'machine';

export class World {
  readonly seed: number;
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly weather: Weather;
  readonly history: History;
  readonly meter: Meter;
  /** None on a machine of its own. */
  readonly nodes: Beanstalkd[] = [];
  /** Unused on a machine of its own. */
  readonly redis: LedgerHost;
  /** Of a machine of its own. */
  readonly file: QueueFile | undefined;
  /** Of a machine of its own. */
  readonly skew: Skew | undefined;
  readonly processes: Process[] = [];
  /** How often code of a process has run: then its promises must come to rest before time goes on. */
  entries = 0;
  /** What the weather has done, and how often. */
  readonly injected = new Map<string, number>();
  /** What is broken, in the order in which it was found. */
  readonly violations: string[] = [];
  readonly lines: string[] | undefined;
  /** No fault, no skew, and slots for every job. */
  readonly roomy: boolean;
  readonly #paths = new Map<Process, Map<Host, Path>>();

  constructor(seed: number, tracing: boolean, setting: Setting = 'cluster') {
    const scene = typeof setting === 'object' ? setting : undefined;
    this.seed = seed;
    this.random = new Random(seed);
    this.lines = tracing ? [] : undefined;
    const climate =
      typeof setting === 'object' ? calm : climateOf(this.random, disastersOf(setting));
    this.roomy = climate === calm && scene === undefined && this.random.chance(0.5);
    this.weather = new Weather(this, climate, new Random(seed + 0.5));
    this.history = new History(this);
    this.meter = new Meter(this);
    this.redis = new LedgerHost(this, defaultTerms);
    if (setting === 'machine' || scene?.nodes === 0) {
      this.skew = this.#anySkew();
      this.file = new QueueFile(this);
      return;
    }
    const count = scene?.nodes ?? this.random.pick([1, 2, 2, 3, 3, 4]);
    for (let at = 1; at <= count; at++) {
      const binlog = scene?.binlog ?? this.random.chance(0.6);
      this.nodes.push(new Beanstalkd(this, `node${at}:11300`, binlog));
    }
  }

  get ledger(): LedgerView {
    return this.file ?? this.redis;
  }

  /** Everything that keeps replicas. */
  get stores(): readonly Store[] {
    return this.file === undefined ? this.nodes : [this.file];
  }

  /** In a cluster each process has a machine of its own. */
  newProcess(name: string): Process {
    const process = new Process(this, name, this.skew ?? this.#anySkew());
    this.processes.push(process);
    return process;
  }

  #anySkew(): Skew {
    return new Skew(this.weather.climate === calm ? 0 : this.random.between(-1_000, 1_000));
  }

  freezeFor(process: Process, ms: number): void {
    process.freeze();
    this.timeline.plan(ms, () => {
      process.thaw();
    });
  }

  pathOf(process: Process, host: Host): Path {
    let paths = this.#paths.get(process);
    if (paths === undefined) {
      paths = new Map();
      this.#paths.set(process, paths);
    }
    let path = paths.get(host);
    if (path === undefined) {
      path = new Path();
      paths.set(host, path);
    }
    return path;
  }

  inject(what: string): void {
    this.injected.set(what, (this.injected.get(what) ?? 0) + 1);
  }

  violated(what: string): void {
    this.violations.push(`at ${this.timeline.now.toFixed(3)} ms: ${what}`);
    this.trace(undefined, () => `VIOLATION ${what}`);
  }

  /** The text is made only when this seed is being traced. */
  trace(process: Process | undefined, text: () => string): void {
    this.lines?.push(
      `${this.timeline.now.toFixed(3).padStart(12)} ${process?.name ?? '-'} ${text()}`,
    );
  }
}
