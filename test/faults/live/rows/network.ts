// A network that swallows, half-closes, resets and delays, between everybody and a node, and between everybody and Redis.

import type { Proxy } from '../../../support/proxy.ts';
import type { Row } from '../row.ts';

interface Trouble {
  readonly name: string;
  readonly begin: (proxy: Proxy) => void;
  /** Done again each second as long as it lasts. */
  readonly again?: (proxy: Proxy) => void;
  readonly silence?: boolean;
  /** In ms. */
  readonly lasts: number;
}

const troubles: readonly Trouble[] = [
  {
    name: 'a black hole for 8 s',
    lasts: 8_000,
    silence: true,
    begin: (proxy) => {
      proxy.stall();
    },
  },
  {
    name: 'every connection half-closed, each second for 6 s',
    lasts: 6_000,
    begin: (proxy) => {
      proxy.halfClose();
    },
    again: (proxy) => {
      proxy.halfClose();
    },
  },
  {
    name: 'every 7th reply cut by a reset in its middle, for 6 s',
    lasts: 6_000,
    begin: (proxy) => {
      proxy.cutReplies(7);
    },
  },
  {
    name: 'each packet delayed by 3 s, for 12 s',
    lasts: 12_000,
    silence: true,
    begin: (proxy) => {
      proxy.delay(3_000);
    },
  },
];

const peers = ['nodes', 'redis'] as const;

export const networkRows: readonly Row[] = peers.flatMap((proxied) =>
  troubles.map((trouble) => rowOf(trouble, proxied)),
);

function rowOf(
  { name, begin, again, lasts, silence = false }: Trouble,
  proxied: (typeof peers)[number],
): Row {
  const peer = proxied === 'nodes' ? 'a node' : 'Redis';
  return {
    name: `${peer}: ${name}`,
    proxied,
    silence: silence && proxied === 'nodes',
    putFor: lasts,
    handler: 'sleep 0.2',
    story: async (stage) => {
      const proxy = proxied === 'nodes' ? stage.proxy(1) : stage.redisProxy!;
      await stage.wait(1_500);
      begin(proxy);
      stage.step(name);
      for (let passed = 0; passed < lasts; passed += 1_000) {
        await stage.wait(1_000);
        again?.(proxy);
      }
      proxy.heal();
      proxy.delay(0);
      stage.healed('no more');
    },
  };
}
