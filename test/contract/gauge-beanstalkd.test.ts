// A beanstalkd is gauged as every node is; and counts what was ever put and deleted.

import { Buffer } from 'node:buffer';
import { afterAll, expect, it } from 'vitest';
import { BeanstalkdGauge } from '../../src/queue/beanstalkd-gauge.ts';
import { BeanstalkdNode } from '../../src/queue/beanstalkd.ts';
import { startBeanstalkd } from '../support/servers.ts';
import { gaugeContract } from './gauge.ts';
import { putOne } from '../support/put-one.ts';

const opened: { close: () => void }[] = [];
afterAll(() => {
  for (const each of opened) each.close();
});

gaugeContract('beanstalkd', async () => {
  const { endpoint } = await startBeanstalkd();
  return {
    gauge: new BeanstalkdGauge({ endpoint }),
    node: (tube) => new BeanstalkdNode({ endpoint, tube }),
  };
});

it('what it is, and what was ever put and deleted', async () => {
  const { endpoint } = await startBeanstalkd([], { binlog: true });
  const gauge = new BeanstalkdGauge({ endpoint });
  const node = new BeanstalkdNode({ endpoint, tube: 'mail' });
  opened.push(gauge, node);
  const options = { delay: 0, priority: 0, ttr: 60 };
  const envelopes = [1, 2, 3].map((n) => Buffer.from(`${n}/x`));
  const [first] = await Promise.all(envelopes.map((envelope) => putOne(node, envelope, options)));
  await node.delete(first!, envelopes[0]!);
  const { facts, tubes } = await gauge.read();
  expect(facts).toMatchObject({ kind: 'beanstalkd', binlog: true, draining: false });
  expect(facts).toMatchObject({ version: expect.stringMatching(/^1\./) as unknown });
  expect(tubes.get('mail')?.totals).toEqual({ put: 3, deleted: 1 });
});

it("dq's own tube is nobody's", async () => {
  const { endpoint } = await startBeanstalkd();
  const gauge = new BeanstalkdGauge({ endpoint });
  const node = new BeanstalkdNode({ endpoint, tube: 'dq.probe' });
  opened.push(gauge, node);
  await putOne(node, Buffer.from('1/x'), { delay: 0, priority: 0, ttr: 60 });
  expect([...(await gauge.read()).tubes.keys()]).toEqual(['default']);
});
