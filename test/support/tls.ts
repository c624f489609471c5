// A TLS terminator in front of a real server, with a certificate that was made for these tests.

import type { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { createServer, type Server, type TlsOptions, type TLSSocket } from 'node:tls';
import { afterAll } from 'vitest';

/** Of `localhost` and 127.0.0.1, signed by itself, from 2020 to 2120; used here and nowhere else. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBZzCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBI4r7Kcuxx10KKd
X8Xm8Yy3S3MYc+wGN1is/nZBBLo5Y7hx59dMHLnh5vviO9neELWYYAdt5IQsQJel
Q6ppjxKjTjBMMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAPBgNVHRMBAf8E
BTADAQH/MB0GA1UdDgQWBBRmfxzBnqkeekTT0hOBiM0R4h2WpTAKBggqhkjOPQQD
AgNIADBFAiAuNE70zE6LhB5sJZtZ7o7wPoz5UKr3zuVXOJ2QlJ4iZwIhANnRsbSB
WUrSYzgq/qg4B9xD3dq0T3WejqdXSrhWPvyW
-----END CERTIFICATE-----`;
export const privateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMcUCOavC9tU5mbA+
gMMJWYWog0KyxSamKps1HMbhi+ihRANCAAQSOK+ynLscddCinV/F5vGMt0tzGHPs
BjdYrP52QQS6OWO4cefXTBy54eb74jvZ3hC1mGAHbeSELECXpUOqaY8S
-----END PRIVATE KEY-----`;

const started = new Set<Server>();

afterAll(() => {
  for (const server of started) server.close();
});

export interface Terminator {
  readonly port: number;
  /** The server names that were asked for, one for each handshake that was completed. */
  readonly names: (string | false | null)[];
  /** How many bytes it was told, decrypted. */
  readonly heard: () => number;
}

/** @param host where it listens, in the network of this machine alone. */
export async function startTls(
  targetPort: number,
  options: TlsOptions = {},
  host = '127.0.0.1',
): Promise<Terminator> {
  const names: Terminator['names'] = [];
  let heard = 0;
  const all = { cert: certificate, key: privateKey, ...options };
  const server = createServer(all, (client) => {
    names.push((client as TLSSocket & { servername: string | false }).servername);
    const target = connect(targetPort, '127.0.0.1');
    client.on('data', ({ length }: Buffer) => (heard += length));
    client.pipe(target).pipe(client);
    client.on('error', () => target.destroy());
    target.on('error', () => client.destroy());
  });
  server.on('tlsClientError', (_, socket) => socket.destroy());
  started.add(server);
  server.listen(0, host);
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, names, heard: () => heard };
}
