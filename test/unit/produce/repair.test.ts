// Repairs: which jobs may have a new replica, and what happens to it when the job ends between any two steps.

import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { sealEnvelope } from '../../../src/core/envelope.ts';
import { LedgerDown, NodeError } from '../../../src/core/errors.ts';
import { keyOf } from '../../../src/core/key.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { lockForRepair } from '../../../src/produce/repair-lock.ts';
import { fitnessOf, repairJob, type WornJob } from '../../../src/produce/repair.ts';
import type { Placed, QueueNode, ReplicaStats } from '../../../src/queue/node.ts';
import type { PutOptions, Puts } from '../../../src/queue/puts.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';

const now = 1_767_225_600_000;
const hour = 3_600_000;
const ttl = 72 * hour;
const ages = { ttl, least: 60_000 };

class StoringNode {
  readonly endpoint: string;
  readonly tube = 'mail';
  readonly stored = new Map<bigint, PutOptions>();
  refuses = false;

  constructor(endpoint: string) {
    this.endpoint = endpoint;
  }

  putAll = ({ all }: Puts): Promise<Placed> => {
    const answers = all.map(({ options }) => {
      if (this.refuses) return new NodeError(this.endpoint, 'down', 'it is down');
      this.stored.set(7n, options);
      return 7n;
    });
    return Promise.resolve({ answers, life: this });
  };

  delete = (id: bigint): Promise<boolean> => Promise.resolve(this.stored.delete(id));
}

const stats: ReplicaStats = {
  ...{ tube: 'mail', state: 'delayed', priority: 3, age: 100, ttr: 44, timeLeft: 9 },
};

class Bench {
  time = now;
  readonly clock = {
    now: () => this.time,
    sleep: (ms: number) => {
      this.time += ms;
      return Promise.resolve();
    },
  };
  readonly ledger = new MemoryLedger(this.clock);
  readonly holder = new StoringNode('holder');
  readonly spares = [new StoringNode('one'), new StoringNode('other')];
  readonly job: WornJob;

  constructor(dueInMs = 0, some: Partial<ReplicaStats> = {}) {
    const dueNs = BigInt(now + dueInMs) * 1_000_000n;
    const envelope = sealEnvelope({ dueNs, payload: Buffer.from('job') });
    this.job = {
      ref: { tube: 'mail', key: keyOf(envelope), dueMs: now + dueInMs },
      envelope,
      replicas: [{ node: node(this.holder), id: 1n, stats: { ...stats, ...some } }],
    };
  }

  repair(wanted = 3, ledger: Ledger = this.ledger) {
    const nodes = [this.holder, ...this.spares].map(node);
    return repairJob(this.job, { ledger, clock: this.clock, nodes, wanted });
  }

  /** What the new replicas were put with. */
  get stored(): PutOptions[] {
    return this.spares.flatMap(({ stored }) => [...stored.values()]);
  }

  async end(how: 'done' | 'dead' | 'revoked'): Promise<void> {
    if (how === 'revoked') await this.ledger.revoke(this.job.ref, false);
    else {
      const answer = await this.ledger.claim(this.job.ref, { token: 'w/1', maxDeaths: 5 });
      if (answer.kind !== 'granted') throw new Error(answer.kind);
      if (how === 'done') await this.ledger.done(this.job.ref, answer.claim, 0);
      else await this.ledger.dead(this.job.ref, answer.claim, { reason: 'failed' });
    }
  }
}

/** As much of a node as a repair needs. */
function node(storing: StoringNode): QueueNode {
  return storing as unknown as QueueNode;
}

const ends = ['done', 'dead', 'revoked'] as const;

describe('a job', () => {
  it.each([
    ['with a replica that is an hour old', {}, 0, 'repairable'],
    ['that is due in a year', {}, 365 * 24 * hour, 'repairable'],
    ['that runs', { state: 'reserved' }, 0, 'repairable'],
    ['with a buried replica', { state: 'buried' }, 0, 'over'],
    ['whose end may be forgotten', {}, -ttl - 1, 'late'],
    ['that may still be being put', { age: 59 }, 0, 'young'],
  ] as const)('%s is %s', (_, some, dueIn, expected) => {
    const { job } = new Bench(dueIn, some);
    expect(fitnessOf(job, undefined, now, ages)).toBe(expected);
  });

  it.each(ends)('that is %s is over', async (end) => {
    const bench = new Bench();
    await bench.end(end);
    const standing = await bench.ledger.look(bench.job.ref);
    expect(fitnessOf(bench.job, standing, now, ages)).toBe('over');
  });

  it('gets as many as it lacks, as the others are, 10 s ahead at least', async () => {
    const bench = new Bench();
    expect(await bench.repair()).toMatchObject({ result: 'repaired', failed: [] });
    const options = { delay: 10, priority: 3, ttr: 44 };
    expect(bench.stored).toEqual([options, options]);
  });

  it('gets them for its due instant', async () => {
    const bench = new Bench(90_900);
    await bench.repair(2);
    expect(bench.stored).toMatchObject([{ delay: 90 }]);
  });

  it('is incomplete when too few nodes take one', async () => {
    const bench = new Bench();
    bench.spares[0]!.refuses = true;
    const { result, added, failed } = await bench.repair();
    expect([result, added.length, failed.length]).toEqual(['incomplete', 1, 1]);
  });

  it('gets one from another node when the first refuses', async () => {
    const bench = new Bench();
    const [one, other] = bench.spares;
    for (const refusing of [one!, other!]) {
      refusing.refuses = true;
      expect((await bench.repair(2)).result).toBe('repaired');
      refusing.refuses = false;
    }
  });
});

describe.each(ends)('a job that is %s', (end) => {
  it('before the put gets nothing', async () => {
    const bench = new Bench();
    await bench.end(end);
    expect(await bench.repair()).toMatchObject({ result: 'over', added: [] });
    expect(bench.stored).toEqual([]);
  });

  it('during the put has it taken back, unless the others are buried with it', async () => {
    const bench = new Bench();
    for (const spare of bench.spares) {
      const { putAll } = spare;
      spare.putAll = async (puts) => {
        await bench.end(end);
        return putAll(puts);
      };
    }
    expect((await bench.repair()).result).toBe('over');
    expect(bench.stored).toHaveLength(end === 'dead' ? 1 : 0);
  });
});

describe('the ledger', () => {
  it('is asked again before the put when its answer has grown old', async () => {
    const bench = new Bench();
    for (const spare of bench.spares) spare.refuses = true;
    const look = bench.ledger.look;
    let looks = 0;
    bench.ledger.look = async (job) => {
      const answer = await look(job);
      looks += 1;
      if (looks > 1) return answer;
      // This process is paused, and the job deleted meanwhile
      bench.time += 60_000;
      await bench.end('revoked');
      return answer;
    };
    expect(await bench.repair()).toEqual({ result: 'over', added: [], failed: [] });
  });

  it('that is away before the put: nothing is put', async () => {
    const bench = new Bench();
    bench.ledger.look = () => Promise.reject(new LedgerDown('away'));
    await expect(bench.repair()).rejects.toThrow(LedgerDown);
    expect(bench.stored).toEqual([]);
  });

  it('that is away after the put: what was put is taken back', async () => {
    const bench = new Bench();
    const look = bench.ledger.look;
    let looks = 0;
    bench.ledger.look = (job) => {
      looks += 1;
      return looks === 1 ? look(job) : Promise.reject(new LedgerDown('away'));
    };
    await expect(bench.repair()).rejects.toThrow(LedgerDown);
    expect(bench.stored).toEqual([]);
  });
});

describe('the lock', () => {
  const lock = ({ ledger, clock }: Bench, token: string) =>
    lockForRepair('mail', token, ledger, clock);

  it('is one repairer’s until it is released', async () => {
    const bench = new Bench();
    bench.clock.sleep = () => new Promise(() => undefined);
    const { release } = await lock(bench, 'a');
    await expect(lock(bench, 'b')).rejects.toThrow('a is repairing mail');
    void release();
  });

  it('is another’s when its holder has disappeared', async () => {
    const bench = new Bench();
    const job = { tube: 'mail.repair', key: keyOf(Buffer.from('mail')), dueMs: now };
    await bench.ledger.claim(job, { token: 'gone', maxDeaths: 5 });
    await expect(lock(bench, 'b')).rejects.toThrow('gone is repairing mail');
    bench.time += 20_000;
    const { sleep } = bench.clock;
    let slept = 0;
    bench.clock.sleep = (ms) => (slept++ === 0 ? sleep(ms) : new Promise(() => undefined));
    const { lost } = await lock(bench, 'b');
    expect(lost.aborted).toBe(false);
  });
});
