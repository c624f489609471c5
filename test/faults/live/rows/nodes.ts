// Nodes that die, freeze, drain and run out of disk.

import type { Row } from '../row.ts';
import { whyNoDisk } from '../small-disk.ts';
import type { Stage } from '../stage.ts';

const away = 3_000;

export const nodeRows: readonly Row[] = [
  {
    name: 'kill -9 and restart of one node',
    story: async (stage) => {
      await stage.wait(1_000);
      await killNode(stage, 1);
      await stage.wait(away);
      await startNode(stage, 1);
      stage.healed('it is back');
    },
  },
  {
    name: 'kill -9 and restart of one node without a binlog: it forgets its jobs',
    binlog: false,
    story: async (stage) => {
      await stage.wait(1_000);
      await killNode(stage, 1);
      await startNode(stage, 1);
      stage.healed('it is back');
    },
  },
  {
    name: 'kill -9 and restart of all three nodes at once',
    refusals: true,
    story: async (stage) => {
      await stage.wait(1_000);
      await Promise.all([1, 2, 3].map((number) => killNode(stage, number)));
      await stage.wait(away);
      await Promise.all([1, 2, 3].map((number) => startNode(stage, number)));
      stage.healed('they are back');
    },
  },
  {
    name: 'kill -9 and restart of one node after the other, twice',
    story: async (stage) => {
      for (const number of [1, 2, 3, 1, 2, 3]) {
        await killNode(stage, number);
        await stage.wait(500);
        await startNode(stage, number);
        await stage.wait(700);
      }
      stage.healed('all are back');
    },
  },
  {
    name: 'SIGSTOP of a node for 10 s',
    silence: true,
    putFor: 12_000,
    story: async (stage) => {
      await stage.wait(1_000);
      stage.node(1).pause();
      stage.step('SIGSTOP of node 1');
      await stage.wait(10_000);
      stage.node(1).resume();
      stage.healed('SIGCONT of node 1');
    },
  },
  {
    name: 'SIGUSR1: a node drains, then two of three, until they are restarted',
    refusals: true,
    story: async (stage) => {
      stage.node(1).signal('SIGUSR1');
      stage.step('SIGUSR1 to node 1');
      await stage.wait(3_000);
      stage.node(2).signal('SIGUSR1');
      stage.step('SIGUSR1 to node 2');
      await stage.wait(3_000);
      for (const number of [1, 2]) {
        await stage.node(number).kill('SIGTERM');
        await startNode(stage, number);
      }
      stage.healed('both are restarted');
    },
  },
  {
    name: 'a node on a full disk (tmpfs) for 8 s',
    disk: { bytes: 512 * 1_024, binlogBytes: 32 * 1_024 },
    whyNot: whyNoDisk,
    padding: 'x'.repeat(2_000),
    putFor: 9_000,
    story: async (stage) => {
      stage.step('the disk is full to its last byte, and whatever comes free');
      for (let passed = 0; passed < 8_000; passed += 100) {
        stage.disk?.fill();
        await stage.wait(100);
      }
      stage.disk?.free();
      stage.healed('the disk has room again');
    },
  },
];

async function killNode(stage: Stage, number: number): Promise<void> {
  await stage.node(number).kill();
  stage.step(`kill -9 of node ${number}`);
}

async function startNode(stage: Stage, number: number): Promise<void> {
  await stage.node(number).start();
  stage.step(`node ${number} started`);
}
