// Who gets which reply, and what those get who get none.

import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { deleteBatch, deleteJob, peek, put } from '../../../src/beanstalk/job-commands.ts';
import { putBatch, reserveBatch, touch } from '../../../src/beanstalk/job-commands.ts';
import { Pipeline } from '../../../src/beanstalk/pipeline.ts';
import type { Reply } from '../../../src/beanstalk/reply.ts';

const endpoint = '127.0.0.1:11300';

function word(text: string): Reply {
  return { word: text, rest: '', body: undefined };
}

function settled(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

it('the k-th reply belongs to the k-th command', async () => {
  const pipeline = new Pipeline(endpoint);
  const outcomes = [touch(1n), touch(2n), touch(3n)].map((command) => pipeline.add(command));
  pipeline.take();
  for (const reply of ['TOUCHED', 'NOT_FOUND', 'TOUCHED']) pipeline.receive(word(reply));
  expect(await Promise.all(outcomes)).toEqual([true, false, true]);
});

it('bytes are taken once', () => {
  const pipeline = new Pipeline(endpoint);
  void settled(pipeline.add(touch(1n)));
  expect(pipeline.take().toString()).toBe('touch 1\r\n');
  void settled(pipeline.add(touch(2n)));
  void settled(pipeline.add(put(Buffer.from('é'), { priority: 0, delay: 0, ttr: 1 })));
  expect(pipeline.take().toString()).toBe('touch 2\r\nput 0 0 1 2\r\né\r\n');
  expect(pipeline.take().toString()).toBe('');
});

it('a reply that nobody waits for breaks the protocol', () => {
  const pipeline = new Pipeline(endpoint);
  expect(() => {
    pipeline.receive(word('TOUCHED'));
  }).toThrow('a reply that nobody waits for: unexpected reply "TOUCHED"');
});

it('a reply to a command that was not written yet breaks the protocol', async () => {
  const pipeline = new Pipeline(endpoint);
  const outcome = settled(pipeline.add(touch(1n)));
  expect(() => {
    pipeline.receive(word('TOUCHED'));
  }).toThrow('nobody waits for');
  pipeline.fail('protocol', 'over');
  expect(await outcome).toMatchObject({ fault: 'protocol', unconfirmed: false });
});

it('a refusal rejects one command and no other', async () => {
  const pipeline = new Pipeline(endpoint);
  const first = settled(pipeline.add(touch(1n)));
  const second = pipeline.add(touch(2n));
  pipeline.take();
  pipeline.receive(word('OUT_OF_MEMORY'));
  pipeline.receive(word('TOUCHED'));
  expect(await first).toMatchObject({
    name: 'NodeError',
    node: endpoint,
    fault: 'out-of-memory',
    message: 'out of memory',
    unconfirmed: false,
  });
  expect(await second).toBe(true);
});

it('a body is waited for only by a command that has one', () => {
  const pipeline = new Pipeline(endpoint);
  void settled(pipeline.add(peek(1n)));
  void settled(pipeline.add(touch(2n)));
  pipeline.take();
  pipeline.expectBody('FOUND');
  for (const word of ['OK', 'RESERVED'] as const) {
    expect(() => {
      pipeline.expectBody(word);
    }).toThrow(`unexpected reply "${word}" with a body`);
  }
  pipeline.receive({ word: 'FOUND', rest: '1', body: Buffer.from('x') });
  expect(() => {
    pipeline.expectBody('FOUND');
  }).toThrow('unexpected reply "FOUND" with a body');
});

it('the end rejects everything, and tells what had been written', async () => {
  const pipeline = new Pipeline(endpoint);
  const cause = new Error('why');
  const answered = pipeline.add(touch(1n));
  const written = [deleteJob(2n), deleteJob(3n)].map((id) => settled(pipeline.add(id)));
  pipeline.take();
  pipeline.receive(word('TOUCHED'));
  const unwritten = settled(pipeline.add(deleteJob(4n)));
  pipeline.fail('down', 'connection reset', cause);

  expect(await answered).toBe(true);
  const facts = { node: endpoint, fault: 'down', message: 'connection reset', cause };
  expect(await Promise.all(written)).toMatchObject([
    { ...facts, unconfirmed: true },
    { ...facts, unconfirmed: true },
  ]);
  expect(await unwritten).toMatchObject({ ...facts, unconfirmed: false });
  expect(pipeline.length).toBe(0);
});

it('a reply that is no answer to its command is given to nobody', async () => {
  const pipeline = new Pipeline(endpoint);
  const outcome = settled(pipeline.add(touch(1n)));
  pipeline.take();
  expect(() => {
    pipeline.receive(word('BAD_FORMAT'));
  }).toThrow('unexpected reply "BAD_FORMAT"');
  pipeline.fail('protocol', 'over');
  expect(await outcome).toMatchObject({ fault: 'protocol', unconfirmed: true });
});

describe('a batch', () => {
  const plain = { priority: 0, delay: 0, ttr: 1 };
  const batchOf = (...texts: readonly string[]) =>
    putBatch(texts.map((envelope) => ({ envelope: Buffer.from(envelope), options: plain })));
  const inserted = (id: number): Reply => ({ word: 'INSERTED', rest: `${id}`, body: undefined });

  it('is the bytes of its commands, between others too', () => {
    const bytes = 'put 0 0 1 1\r\na\r\nput 0 0 1 2\r\nbb\r\n';
    const batch = batchOf('a', 'bb');
    const pipeline = new Pipeline(endpoint);
    void pipeline.addBatch(batch);
    expect(pipeline.take().toString()).toBe(bytes);
    void pipeline.add(touch(1n));
    void pipeline.addBatch(batch);
    void pipeline.add(touch(2n));
    expect(pipeline.take().toString()).toBe(`touch 1\r\n${bytes}touch 2\r\n`);
    expect(pipeline.length).toBe(6);
  });

  it('gives the server as long for each reply as its commands ask for', () => {
    const pipeline = new Pipeline(endpoint);
    const batch = { ...batchOf('a', 'b'), waitMs: 700 };
    void pipeline.addBatch(batch);
    void pipeline.addBatch(deleteBatch([7n]));
    pipeline.take();
    expect(pipeline.oldest?.waitMs).toBe(700);
    pipeline.receive(inserted(5));
    expect(pipeline.oldest?.waitMs).toBe(700);
    pipeline.receive(inserted(6));
    expect(pipeline.oldest?.waitMs).toBe(0);
  });

  it('has a reply for each, and a refusal is that of one', async () => {
    const pipeline = new Pipeline(endpoint);
    const before = pipeline.add(touch(1n));
    const outcomes = pipeline.addBatch(batchOf('a', 'b', 'c'));
    const after = pipeline.add(touch(2n));
    pipeline.take();
    const replies = [inserted(5), word('OUT_OF_MEMORY'), inserted(6), word('NOT_FOUND')];
    for (const reply of [word('TOUCHED'), ...replies]) pipeline.receive(reply);
    expect(await outcomes).toMatchObject([
      { kind: 'inserted', id: 5n },
      { name: 'NodeError', node: endpoint, fault: 'out-of-memory', unconfirmed: false },
      { kind: 'inserted', id: 6n },
    ]);
    expect(await Promise.all([before, after])).toEqual([true, false]);
  });

  it('is read from the bytes as far as they are plain', async () => {
    const pipeline = new Pipeline(endpoint);
    const reserved = pipeline.addBatch(reserveBatch(3));
    const deleted = pipeline.addBatch(deleteBatch([7n, 8n]));
    const reserve = 'reserve-with-timeout 0\r\n';
    expect(pipeline.take().toString()).toBe(`${reserve.repeat(3)}delete 7\r\ndelete 8\r\n`);
    const first = 'RESERVED 7 2\r\nhi\r\n';
    const bytes = Buffer.from(`${first}TIMED_OUT\r\n`);
    expect(pipeline.skim(bytes, 0)).toBe(first.length);
    expect(pipeline.skim(bytes, first.length)).toBe(first.length);
    expect(pipeline.skim(Buffer.from('RESERVED -7 2\r\nhi\r\n'), 0)).toBe(0);
    expect(pipeline.skim(Buffer.from('RESERVED 7 3\r\nhi\r\n'), 0)).toBe(0);
    pipeline.expectBody('RESERVED');
    pipeline.receive(word('TIMED_OUT'));
    pipeline.receive(word('OUT_OF_MEMORY'));
    const job = { id: 7n, body: Buffer.from('hi') };
    const refused = { fault: 'out-of-memory' };
    expect(await reserved).toMatchObject([job, 'timed-out', refused]);
    const gone = Buffer.from('DELETED\r\nNOT_FOUND\r\nDELETED\r');
    expect(pipeline.skim(gone, 0)).toBe(9);
    expect(pipeline.skim(gone, 9)).toBe(9);
    expect(pipeline.skim(gone, 20)).toBe(20);
    pipeline.receive(word('NOT_FOUND'));
    expect(await deleted).toEqual([true, false]);
  });

  it('of puts has its ids from the bytes, and anything else from the replies', async () => {
    const pipeline = new Pipeline(endpoint);
    const put = pipeline.addBatch(batchOf('a', 'b', 'c'));
    pipeline.take();
    const first = 'INSERTED 5\r\n';
    const bytes = Buffer.from(`${first}BURIED 6\r\n`);
    expect(pipeline.skim(bytes, 0)).toBe(first.length);
    expect(pipeline.skim(bytes, first.length)).toBe(first.length);
    pipeline.receive({ word: 'BURIED', rest: '6', body: undefined });
    for (const other of ['INSERTED 7', 'INSERTED 7\r', 'INSERTED -7\r\n', 'INSERTED 7 1\r\n']) {
      expect(pipeline.skim(Buffer.from(other), 0)).toBe(0);
    }
    expect(pipeline.skim(Buffer.from('INSERTED 999999999999999\r\n'), 0)).toBe(26);
    expect(await put).toEqual([
      { kind: 'inserted', id: 5n },
      { kind: 'buried', id: 6n },
      { kind: 'inserted', id: 999_999_999_999_999n },
    ]);
  });

  it('that is cut off keeps the answers it had', async () => {
    const pipeline = new Pipeline(endpoint);
    const written = pipeline.addBatch(batchOf('a', 'b', 'c'));
    pipeline.take();
    const unwritten = pipeline.addBatch(batchOf('d', 'e'));
    pipeline.receive(inserted(5));
    pipeline.fail('down', 'connection reset');
    const lost = { name: 'NodeError', fault: 'down', unconfirmed: true };
    expect(await written).toMatchObject([{ kind: 'inserted', id: 5n }, lost, lost]);
    const unsent = { ...lost, unconfirmed: false };
    expect(await unwritten).toMatchObject([unsent, unsent]);
    expect(pipeline.take()).toHaveLength(0);
  });

  it('of nothing has its outcome', async () => {
    const pipeline = new Pipeline(endpoint);
    expect(await pipeline.addBatch(batchOf())).toEqual([]);
    expect(pipeline.take()).toHaveLength(0);
  });
});

it('knows the oldest written command', () => {
  const pipeline = new Pipeline(endpoint);
  const [first, second] = [touch(1n), touch(2n)];
  void pipeline.add(first);
  void pipeline.add(second);
  expect(pipeline.oldest).toBeUndefined();
  pipeline.take();
  expect(pipeline.oldest).toBe(first);
  pipeline.receive(word('TOUCHED'));
  expect(pipeline.oldest).toBe(second);
  pipeline.receive(word('TOUCHED'));
  expect(pipeline.oldest).toBeUndefined();
});

it('thousands in flight, sent and answered in turns', async () => {
  const pipeline = new Pipeline(endpoint);
  const outcomes: Promise<boolean>[] = [];
  for (let turn = 0; turn < 50; turn++) {
    for (let id = 0; id < 100; id++) outcomes.push(pipeline.add(touch(BigInt(id))));
    expect(pipeline.take().toString().split('\r\n')).toHaveLength(100 + 1);
    for (let reply = 0; reply < 60; reply++) {
      pipeline.receive(word(reply % 2 === 0 ? 'TOUCHED' : 'NOT_FOUND'));
    }
    expect(pipeline.length).toBe((turn + 1) * 40);
  }
  while (pipeline.length > 0)
    pipeline.receive(word(pipeline.length % 2 === 0 ? 'TOUCHED' : 'NOT_FOUND'));
  const answers = await Promise.all(outcomes);
  expect(answers).toEqual(answers.map((_, at) => at % 2 === 0));
});
