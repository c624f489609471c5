// TLS as a user configures it, to nodes and to Redis: a certificate is verified by default, and nothing is said before.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dq, jsonLines, type Ran } from '../support/cli.ts';
import { startBeanstalkd, startRedis, temporaryFolder } from '../support/servers.ts';
import { certificate, startTls } from '../support/tls.ts';

const [node, redis] = await Promise.all([
  startBeanstalkd(),
  startRedis(['--requirepass', 'sesame']),
]);
const folder = temporaryFolder();
writeFileSync(join(folder, 'ca.pem'), certificate);
const trusting = { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };

function run(
  config: string,
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<Ran> {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'ca.pem'), certificate);
  writeFileSync(join(cwd, '.dqrc.yaml'), config);
  return dq(words, { cwd, env });
}

describe.concurrent('a node', () => {
  const config = (endpoint: string, tls: string): string =>
    `nodes: [{ endpoint: "${endpoint}", tls: ${tls} }]\nredis: redis://:sesame@${redis.endpoint}\n`;

  it('that nobody vouches for is refused', async () => {
    const { port, heard } = await startTls(node.port);
    const { code, stderr } = await run(config(`localhost:${port}`, 'true'), ['put', 'hello']);
    expect(code).toBe(75);
    expect(stderr).toContain('self-signed certificate');
    expect(heard()).toBe(0);
  });

  it('with the certificate of another is refused', async () => {
    const { port, heard } = await startTls(node.port, {}, '127.0.0.2');
    const { code, stderr } = await run(config(`127.0.0.2:${port}`, '{ ca: ca.pem }'), ['put', 'x']);
    expect(code).toBe(75);
    expect(stderr).toContain("is not in the cert's list");
    expect(heard()).toBe(0);
  });

  it('is used when our authority, or the machine’s, vouches for it, or we say so', async () => {
    const { port } = await startTls(node.port);
    const endpoint = `localhost:${port}`;
    for (const [tls, env] of [
      ['{ ca: ca.pem }', {}],
      ['true', trusting],
      ['{ rejectUnauthorized: false }', {}],
    ] as const) {
      const { code, stdout } = await run(config(endpoint, tls), ['put', 'hello'], env);
      expect([code, stdout]).toEqual([0, expect.stringMatching(`^${endpoint}/default/\\d+\n$`)]);
    }
    const work = ['work', '--drain', '--', 'true'];
    expect((await run(config(endpoint, '{ ca: ca.pem }'), work)).code).toBe(0);
  });

  it('without TLS is never spoken to in clear', async () => {
    const plain = config(node.endpoint, 'true');
    const { code, stderr } = await run(plain, ['put', 'hello']);
    expect(code).toBe(75);
    expect(stderr).toMatch(/no TLS there|no TLS handshake|connection closed/);
  });
});

describe.concurrent('Redis', () => {
  const doctor = async (
    config: string,
    env: Record<string, string> = {},
  ): Promise<{ code: number | null; said: string }> => {
    const { code, stdout, stderr } = await run(
      `nodes: ["${node.endpoint}"]\n${config}\n`,
      ['doctor', '--json'],
      env,
    );
    const about = jsonLines(stdout).filter((line) => String(line['subject']) === 'redis');
    return { code, said: JSON.stringify(about) + stderr };
  };

  it('that nobody vouches for is refused, and not told the password', async () => {
    const { port, heard } = await startTls(redis.port);
    const { code, said } = await doctor(`redis: rediss://:sesame@localhost:${port}`);
    expect(code).not.toBe(0);
    expect(said).toContain('self-signed certificate');
    expect(heard()).toBe(0);
  });

  it('with the certificate of another is refused', async () => {
    const { port, heard } = await startTls(redis.port, {}, '127.0.0.2');
    const { code, said } = await doctor(`redis: rediss://:sesame@127.0.0.2:${port}`, trusting);
    expect(code).not.toBe(0);
    expect(said).toContain("is not in the cert's list");
    expect(heard()).toBe(0);
  });

  it('is used when the machine’s authority, or ours, vouches for it, or we say so', async () => {
    const { port } = await startTls(redis.port);
    const options = (tls: string): string =>
      `redis: { host: localhost, port: ${port}, password: sesame, tls: ${tls} }`;
    const pem = JSON.stringify(certificate);
    for (const [config, env] of [
      [`redis: rediss://:sesame@localhost:${port}`, trusting],
      [options(`{ ca: ${pem} }`), {}],
      [options('{ rejectUnauthorized: false }'), {}],
    ] as const) {
      expect(await doctor(config, env)).toMatchObject({ code: 0 });
    }
  });

  it('a worker and a delete use it', async () => {
    const { port } = await startTls(redis.port);
    const config = `nodes: ["${node.endpoint}"]\ntube: tls\nredis: rediss://:sesame@localhost:${port}\n`;
    const receipt = (await run(config, ['put', 'hello'], trusting)).stdout.trim();
    expect((await run(config, ['delete', receipt], trusting)).code).toBe(0);
    await run(config, ['put', 'hello'], trusting);
    const { code, stderr } = await run(config, ['work', '--drain', '--', 'true'], trusting);
    expect(code).toBe(0);
    expect(stderr).toContain(' done ');
  });
});
