// The ledger and servers that take its connections and don't behave like a Redis.

import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { defaultTerms } from '../../src/ledger/ledger.ts';
import { RedisLedger } from '../../src/ledger/redis/redis-ledger.ts';
import { startRedis } from '../support/servers.ts';

const job = { tube: 'mail', key: '0cc175b9c0f1b6a831c399e269772661', dueMs: Date.now() };
const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

function newLedger(port: number, commandTimeout: number, onState?: () => void): RedisLedger {
  const redis = `redis://127.0.0.1:${port}`;
  const ledger = new RedisLedger({
    ...{ redis, terms: defaultTerms, goQueue: false, commandTimeout },
    ...(onState === undefined ? {} : { onState }),
  });
  open.push(ledger);
  return ledger;
}

async function serve(port: number, behave: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => socket.destroy()));
    behave(socket);
  });
  open.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

it('gives up a command whose reply never ends, though bytes arrive', async () => {
  const port = await serve(0, (socket) => {
    socket.on('data', (commands) => {
      if (!String(commands).includes('evalsha')) {
        socket.write('%0\r\n+OK\r\n');
        return;
      }
      socket.write('$1000000\r\n');
      const dribble = setInterval(() => socket.write('.'), 20);
      socket.on('close', () => {
        clearInterval(dribble);
      });
    });
  });
  await expect(newLedger(port, 2_000).look(job)).rejects.toThrow(/: no reply within 2 s$/);
});

it('says at once that it is down while it tries again', async () => {
  const server = await startRedis();
  const events = new EventEmitter();
  const down = once(events, 'down');
  const trying = once(events, 'trying');
  const ledger = newLedger(server.port, 600_000, () => events.emit('down'));
  await ledger.ready();
  await server.kill();
  await down;
  await serve(server.port, () => events.emit('trying'));
  await trying;
  await expect(ledger.ready()).rejects.toThrow(`redis ${server.endpoint}: `);
});
