// Plain YAML is read as cosmiconfig reads it, or left to it.

import { defaultLoadersSync } from 'cosmiconfig';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPlainYaml } from '../../../src/config/plain-yaml.ts';

const readAll = (text: string): unknown => defaultLoadersSync['.yaml']('any.yaml', text);

/** What a line is made of, more often than by chance. */
const piece = fc.oneof(
  fc.constantFrom(
    'nodes',
    'redis',
    'a',
    'work',
    'true',
    'Null',
    'no',
    '~',
    'embedded',
    '/run/r.sock',
  ),
  fc.constantFrom(
    '10.0.0.1:11300',
    '10.0.0.1',
    '12:30:45',
    '2027-01-01',
    '3d',
    '1h30m',
    '500ms',
    '3e5',
    '1_0',
  ),
  fc.constantFrom(
    '0',
    '7',
    '010',
    '0x1f',
    '-1',
    '1.5',
    '999999999',
    '9999999999',
    '.inf',
    'redis://h:6379/0',
  ),
  fc.constantFrom(
    ': ',
    ':',
    '- ',
    '-',
    ' ',
    '  ',
    '   ',
    '#',
    ' # ',
    ', ',
    ',',
    '[',
    ']',
    '{',
    '}',
    "'",
    '"',
  ),
  fc.constantFrom(
    '&a',
    '*a',
    '!x',
    '|',
    '>',
    '%',
    '@',
    '`',
    '?',
    '---',
    '...',
    '<<',
    '\t',
    '\r',
    '\ufeff',
    '…',
  ),
);
const line = fc.oneof(
  fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('')),
  fc
    .tuple(
      fc.constantFrom('', ' ', '  '),
      fc.constantFrom('a: ', 'b: ', 'c:', 'd: [', '- '),
      piece,
      fc.constantFrom('', ' # x', ']', ' '),
    )
    .map((parts) => parts.join('')),
  fc
    .tuple(
      fc.constantFrom('a: [', 'b: [ '),
      fc.array(piece, { maxLength: 3 }).map((items) => items.join(', ')),
      fc.constantFrom(']', ' ] # x'),
    )
    .map((parts) => parts.join('')),
);
const document = fc.array(line, { maxLength: 5 }).map((lines) => lines.join('\n'));

describe('plain YAML', () => {
  test('means what cosmiconfig says, whatever is read', () => {
    fc.assert(
      fc.property(document, (text) => {
        const plain = readPlainYaml(text);
        if (plain !== undefined) expect(plain).toStrictEqual(readAll(text));
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    readFileSync(new URL('../../../dqrc.example.yaml', import.meta.url), 'utf8'),
    'nodes: [10.0.0.1:11300, 10.0.0.2:11300]\nredis: redis://10.0.0.1:6379\nreplicas: 3          # copies',
    'nodes:\n- a:1\n- b\n\nredis: /run/redis.sock\nwork:\n    timeout: 1h30m\n    attempts: 5\ngoQueue: true\n',
    'nodes: embedded # here\n',
  ])('%j is plain', (text) => {
    const plain = readPlainYaml(text);
    expect(plain).toBeDefined();
    expect(plain).toStrictEqual(readAll(text));
  });

  test.each([
    ...[
      '',
      '# nothing',
      'nodes:',
      'nodes:\nredis: a',
      'nodes: a\nnodes: b',
      'nodes: a\n  b',
      'nodes: a\n- b',
    ],
    ...[
      '- a',
      ' nodes: a',
      'nodes:\n  - a\n - b',
      'nodes:\n  - a\n  b: c',
      'nodes: []',
      'nodes: [a',
      'nodes: a]',
    ],
    ...[
      'nodes: "a"',
      'a: 2027-01-01',
      'a: 1.5',
      'a: 0x1f',
      'a: 010',
      'a: NULL',
      'a: ~',
      'a: *b',
      'a: b: c',
    ],
    ...[
      'nodes: a\r\n',
      '\ufeffnodes: a',
      'nodes:\ta',
      'nodes: \u{1f600}',
      'tube: ü',
      '<<: a',
      'a: a:',
      'a:\n  b:\n    c: d',
    ],
  ])('%j is left to cosmiconfig', (text) => {
    expect(readPlainYaml(text)).toBeUndefined();
  });
});
