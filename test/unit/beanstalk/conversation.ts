// Plays a conversation with a server through pipeline and decoder, without a socket.

import { Buffer } from 'node:buffer';
import { expect } from 'vitest';
import { touch } from '../../../src/beanstalk/job-commands.ts';
import type { Command } from '../../../src/beanstalk/command.ts';
import { ReplyDecoder } from '../../../src/beanstalk/decoder.ts';
import { Pipeline } from '../../../src/beanstalk/pipeline.ts';

/** What the client is asked to send, the bytes that go out, the bytes that come back, and what they mean. */
export type Exchange = readonly [
  command: Command<unknown>,
  sent: string | Buffer,
  answer: string | Buffer,
  meaning: unknown,
];

/** Cuts bytes into the chunks in which they arrive. */
export type Split = (bytes: Buffer) => Buffer[];

export const inOneChunk: Split = (bytes) => [bytes];
export const byteByByte: Split = (bytes) =>
  Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));

/** @param marks where to cut, each as a fraction of the whole. */
export function cutAt(marks: readonly number[]): Split {
  return (bytes) => {
    const cuts = marks.map((mark) => Math.floor(mark * bytes.length)).sort((a, b) => a - b);
    return [0, ...cuts].map((from, at) => bytes.subarray(from, cuts[at] ?? bytes.length));
  };
}

/**
 * Sends all commands at once and feeds all answers: every byte sent, every meaning must be as written.
 * A last exchange proves that no byte was left unread, and that none was missing.
 */
export async function converse(exchanges: readonly Exchange[], split: Split): Promise<void> {
  const last: Exchange = [touch(77n), 'touch 77\r\n', 'TOUCHED\r\n', true];
  const all = [...exchanges, last];
  const pipeline = new Pipeline('127.0.0.1:11300');
  const decoder = new ReplyDecoder((reply) => {
    pipeline.receive(reply);
  });

  const outcomes = Promise.all(all.map(([command]) => pipeline.add(command)));
  expect(text(pipeline.take())).toBe(all.map(([, sent]) => text(sent)).join(''));
  const answers = Buffer.concat(all.map(([, , answer]) => Buffer.from(answer as Buffer)));
  for (const chunk of split(answers)) {
    decoder.push(chunk);
    if (decoder.bodyOf !== undefined) pipeline.expectBody(decoder.bodyOf);
  }

  expect(pipeline.length).toBe(0);
  expect(await outcomes).toEqual(all.map(([, , , meaning]) => meaning));
}

export interface Heard {
  readonly outcomes: readonly unknown[];
  /** How many replies were read straight from the bytes. */
  readonly skimmed: number;
}

type Ask = (pipeline: Pipeline) => Promise<unknown>;

/**
 * Asks all, and feeds the bytes of the answers.
 * @param split left out: the decoder reads every reply.
 * @returns what each asker was told, or the error's text.
 */
export async function hear(asks: readonly Ask[], bytes: Buffer, split?: Split): Promise<Heard> {
  const pipeline = new Pipeline('a:1');
  let skimmed = 0;
  const decoder = new ReplyDecoder(
    (reply) => {
      pipeline.receive(reply);
    },
    (chunk, at) => {
      const next = split === undefined ? at : pipeline.skim(chunk, at);
      if (next > at) skimmed += 1;
      return next;
    },
  );
  const outcomes = asks.map((ask) => ask(pipeline).catch(String));
  pipeline.take();
  try {
    for (const chunk of (split ?? inOneChunk)(bytes)) decoder.push(chunk);
    if (pipeline.length > 0) pipeline.fail('down', 'some are missing');
  } catch (error) {
    pipeline.fail('protocol', String(error));
  }
  return { outcomes: await Promise.all(outcomes), skimmed };
}

function text(bytes: string | Buffer): string {
  return typeof bytes === 'string' ? bytes : bytes.toString('latin1');
}
