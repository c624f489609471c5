// Endpoints: one form for each node, however it is written.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpoint } from '../../../src/config/endpoint.ts';

function read(value: unknown): { found: ReturnType<typeof endpoint>; issues: string[] } {
  const issues: string[] = [];
  const found = endpoint(value, 'nodes[0]', (path, message, hint) => {
    issues.push(`${path}: ${message} (${hint ?? ''})`);
  });
  return { found, issues };
}

describe('an endpoint', () => {
  it.each([
    ['localhost', 'localhost:11300', 'localhost', 11300],
    ['Queue-1.Example.NET:80', 'queue-1.example.net:80', 'queue-1.example.net', 80],
    ['my_queue:11300', 'my_queue:11300', 'my_queue', 11300],
    [' 127.0.0.1:65535 ', '127.0.0.1:65535', '127.0.0.1', 65535],
    ['127.1:1', '127.0.0.1:1', '127.0.0.1', 1],
    ['[::1]', '[::1]:11300', '::1', 11300],
    ['[0:0::0001]:11301', '[::1]:11301', '::1', 11301],
    ['[2001:DB8::A]', '[2001:db8::a]:11300', '2001:db8::a', 11300],
  ])('%j is %s', (text, name, host, port) => {
    expect(read(text)).toEqual({ found: { endpoint: name, host, port }, issues: [] });
  });

  it('of numbers is the address that URL sees in them', () => {
    const number = fc.oneof(
      fc.nat(260).map(String),
      fc.constantFrom('255', '256', '01', '1e2', '0x1', ''),
    );
    fc.assert(
      fc.property(fc.array(number, { minLength: 2, maxLength: 5 }), (numbers) => {
        const text = numbers.join('.');
        const url = `http://${text}`;
        const isAddress = !text.startsWith('.') && URL.canParse(url);
        expect(read(text).found.host).toBe(isAddress ? new URL(url).hostname : '');
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['', 'host or host:port'],
    ['a:0', 'host or host:port'],
    ['a:65536', 'host or host:port'],
    ['a:', 'host or host:port'],
    ['a b', 'host or host:port'],
    ['a/b', 'host or host:port'],
    ['a,b', 'host or host:port'],
    ['-a', 'host or host:port'],
    ['1.2.3.999', 'host or host:port'],
    ['11300', 'host or host:port'],
    [11300, 'host or host:port'],
    [['a'], 'host or host:port'],
    [null, 'host or host:port'],
    ['tcp://a:1', 'without a scheme'],
    ['a:1 b:2', 'commas between several'],
    ['::1', '"[::1]:11300"'],
    ['[:1:2]:3', '"[::1]:11300"'],
    ['Embedded', 'nodes: embedded'],
  ])('%j is none', (value, hint) => {
    const { issues } = read(value);
    expect(issues).toEqual([expect.stringContaining(hint)]);
    expect(issues[0]).toMatch(/^nodes\[0\]: not an endpoint: /);
  });
});
