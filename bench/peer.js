// Puts each line of stdin with a client from npm: `node peer.js NAME PORT < lines`.

import { createInterface } from 'node:readline';

/** Each: a client connected to that port → { put, close }. */
const clients = {
  async fivebeans(port) {
    const { default: fivebeans } = await import('fivebeans');
    const client = new fivebeans.client('127.0.0.1', port);
    await new Promise((resolve, reject) => {
      client.on('connect', resolve).on('error', reject).connect();
    });
    const put = (line) =>
      new Promise((resolve, reject) => {
        client.put(1024, 0, 60, line, (error) => (error ? reject(error) : resolve()));
      });
    return { put, close: () => client.end() };
  },
  async jackd(port) {
    const { default: Jackd } = await import('jackd');
    const client = new Jackd();
    await client.connect({ host: '127.0.0.1', port });
    return { put: (line) => client.put(line), close: () => client.disconnect() };
  },
  async 'node-beanstalk'(port) {
    const { Client } = await import('node-beanstalk');
    const client = new Client({ host: '127.0.0.1', port });
    await client.connect();
    return { put: (line) => client.put(line), close: () => client.disconnect() };
  },
};

/** Calls in flight at once, as many as dq has. */
const width = 1024;

const [name, port] = process.argv.slice(2);
const client = await clients[name](Number(port));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const lane = async () => {
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    await client.put(next.value);
  }
};
await Promise.all(Array.from({ length: width }, lane));
await client.close();
