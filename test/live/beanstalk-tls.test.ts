// TLS, to a proxy in front of a real beanstalkd: verified unless told otherwise.

import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { TlsOptions as ServerOptions } from 'node:tls';
import { beforeAll, expect, it } from 'vitest';
import { connect } from '../../src/beanstalk/connection.ts';
import { stats } from '../../src/beanstalk/stats-commands.ts';
import type { TlsOptions } from '../../src/beanstalk/socket.ts';
import { startBeanstalkd } from '../support/servers.ts';
import type { Server } from '../support/servers.ts';
import { certificate as cert, privateKey as key, startTls } from '../support/tls.ts';

let server: Server;

beforeAll(async () => {
  server = await startBeanstalkd();
});

/** In front of it. */
const startProxy = (options: ServerOptions = {}) => startTls(server.port, options);

async function versionOver(endpoint: string, tls: TlsOptions): Promise<string> {
  const timeouts = { connectTimeout: 30_000, replyTimeout: 30_000 };
  const connection = await connect({ endpoint, tls, ...timeouts });
  const { version } = await connection.send(stats());
  connection.close();
  return version;
}

it('a server with a certificate of our authority', async () => {
  const { port, names } = await startProxy();
  expect(await versionOver(`localhost:${port}`, { ca: cert })).toMatch(/^\d/);
  expect(await versionOver(`127.0.0.1:${port}`, { ca: cert })).toMatch(/^\d/);
  expect(names).toEqual(['localhost', false]);
});

/** OpenSSL's words, and those that Node 26 adds. */
const selfSigned =
  /^self-signed certificate(; if the root CA is installed locally, try running Node\.js with --use-system-ca)?$/;

it('a certificate that nobody vouches for is refused, unless we say so', async () => {
  const { port } = await startProxy();
  const endpoint = `localhost:${port}`;
  await expect(versionOver(endpoint, {})).rejects.toMatchObject({
    node: endpoint,
    fault: 'down',
    message: expect.stringMatching(selfSigned) as string,
  });
  expect(await versionOver(endpoint, { rejectUnauthorized: false })).toMatch(/^\d/);
});

it('the certificate must be of the name that we expect', async () => {
  const { port, names } = await startProxy();
  const endpoint = `127.0.0.1:${port}`;
  expect(await versionOver(endpoint, { ca: cert, servername: 'localhost' })).toMatch(/^\d/);
  expect(names).toEqual(['localhost']);
  const over = versionOver(endpoint, { ca: cert, servername: 'queue.example.org' });
  await expect(over).rejects.toThrow("is not in the cert's altnames");
});

it('our own certificate is shown when it is asked for', async () => {
  const { port } = await startProxy({ requestCert: true, rejectUnauthorized: true, ca: cert });
  const endpoint = `localhost:${port}`;
  expect(await versionOver(endpoint, { ca: cert, cert, key })).toMatch(/^\d/);
  await expect(versionOver(endpoint, { ca: cert })).rejects.toMatchObject({ fault: 'down' });
});

it('a server without TLS', async () => {
  const greeter = createServer((socket) => socket.end('220 ready\r\n')).listen(0, '127.0.0.1');
  await once(greeter, 'listening');
  const { port } = greeter.address() as AddressInfo;
  await expect(versionOver(`127.0.0.1:${port}`, {})).rejects.toMatchObject({
    fault: 'down',
    message: 'no TLS there',
  });
  greeter.close();
});

it('a key that is none', async () => {
  const { port } = await startProxy();
  const over = versionOver(`localhost:${port}`, { cert: 'x', key: 'y' });
  await expect(over).rejects.toMatchObject({ fault: 'down', message: 'TLS: no start line' });
});
