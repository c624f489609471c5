// The model answers as a real beanstalkd does, whatever two connections ask of it in turn.

import { Buffer } from 'node:buffer';
import { expect, it } from 'vitest';
import type { Reply } from '../../../src/beanstalk/reply.ts';
import { connectRaw, type RawNode, type RawReply } from '../../support/raw-node.ts';
import { startBeanstalkd } from '../../support/servers.ts';
import { Channel } from './channel.ts';
import { Random } from './random.ts';
import { World } from './world.ts';

interface Question {
  readonly line: string;
  readonly body?: Buffer;
}

/** Nothing in it takes time: delays and ttrs are longer than the test. */
const long = 3_600;
const questions = 600;

it.each([1, 2, 3])('in conversation %i', async (seed) => {
  const random = new Random(seed);
  const server = await startBeanstalkd();
  const real = [await connectRaw(server.port), await connectRaw(server.port)];
  const model = [...modelled()];
  for (let asked = 0; asked < questions; asked++) {
    const question = ask(random);
    const who = random.whole(0, 1);
    const answers = [await askReal(real[who]!, question), model[who]!(question)];
    expect({ asked, question, answer: answers[1] }).toEqual({
      asked,
      question,
      answer: answers[0],
    });
  }
  for (const connection of real) connection.close();
});

function ask(random: Random): Question {
  const id = random.whole(1, 12);
  const priority = random.pick([0, 7, 1_024]);
  const delay = random.pick([0, 0, long]);
  const body = Buffer.from(`body ${random.whole(1, 99)}`);
  return random.pick<Question>([
    { line: `put ${priority} ${delay} ${long} ${body.length}`, body },
    { line: 'reserve-with-timeout 0' },
    { line: 'reserve-with-timeout 0' },
    { line: `delete ${id}` },
    { line: `release ${id} ${priority} ${delay}` },
    { line: `bury ${id} ${priority}` },
    { line: `touch ${id}` },
    { line: `peek ${id}` },
    { line: `kick-job ${id}` },
    { line: `stats-job ${id}` },
    { line: 'stats-tube default' },
    { line: 'peek-delayed' },
  ]);
}

/** Two connections of one model. */
function* modelled(): Iterable<(question: Question) => unknown> {
  const world = new World(1, false, { nodes: 1, binlog: true });
  const node = world.nodes[0]!;
  for (const name of ['one', 'other']) {
    const session = node.open(new Channel(world.newProcess(name), node));
    yield ({ line, body }) => {
      let answer: unknown;
      world.timeline.now += 1;
      const command = { line, ...(body === undefined ? {} : { body }), read: () => undefined };
      node.receive(session, command, (reply: Reply) => {
        const text = reply.rest === '' ? reply.word : `${reply.word} ${reply.rest}`;
        answer = comparable(text, reply.body);
      });
      return answer;
    };
  }
}

async function askReal(connection: RawNode, { line, body }: Question): Promise<unknown> {
  const reply: RawReply = await connection.ask(line, body);
  const hasLength = reply.body !== undefined;
  return comparable(hasLength ? reply.line.replace(/ \d+$/, '') : reply.line, reply.body);
}

const compared = /^(?:id|tube|state|pri|ttr|name|current-jobs-(?:ready|reserved|delayed|buried)): /;

/** Of stats only what the model knows; counters and times aside. */
function comparable(line: string, body: Buffer | undefined): unknown {
  const text = body?.toString();
  if (line !== 'OK' || text === undefined) return { line, text };
  const lines = text.replaceAll('"', '').split('\n');
  return { line, stats: lines.filter((each) => compared.test(each)) };
}
