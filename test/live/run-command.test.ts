import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DqError } from '../../src/core/errors.ts';
import { resolveHandler, type HandlerCommand } from '../../src/run/command.ts';
import { temporaryFolder } from '../support/servers.ts';

const cwd = temporaryFolder();
const bin = temporaryFolder();
const env = { PATH: `/nowhere:${bin}:/usr/bin:/bin`, HOME: cwd };

beforeAll(() => {
  program(cwd, 'handler.sh');
  program(cwd, 'my handler.sh');
  program(bin, 'tool');
  program(bin, 'odd name');
  plain(cwd, 'plain.sh');
  plain(bin, 'plain');
  mkdirSync(join(cwd, 'folder'));
});

function program(folder: string, name: string): void {
  plain(folder, name);
  chmodSync(join(folder, name), 0o755);
}

function plain(folder: string, name: string): void {
  writeFileSync(join(folder, name), '#!/bin/sh\n', { mode: 0o644 });
}

function resolved(...words: string[]): Pick<HandlerCommand, 'file' | 'args'> {
  const { file, args } = resolveHandler(words, { cwd, env });
  return { file, args };
}

function refused(...words: string[]): DqError {
  try {
    resolveHandler(words, { cwd, env });
  } catch (thrown) {
    if (thrown instanceof DqError) return thrown;
    throw thrown;
  }
  throw new Error('it was not refused');
}

describe('resolveHandler', () => {
  it.each([
    ['a command of PATH', ['tool', '-x', '$HOME', '']],
    ['a relative path', ['./handler.sh', 'a b']],
    ['an absolute path', [join(cwd, 'handler.sh')]],
    ['a single word with a blank that is a path', ['./my handler.sh']],
    ['a single word with a blank that is in PATH', ['odd name']],
  ])('executes %s as it is', (_, words) => {
    expect(resolved(...words)).toEqual({ file: words[0], args: words.slice(1) });
  });

  it.each([
    ['cat > "$DQ_KEY"'],
    ['./handler.sh --fast'],
    ['tool|wc'],
    ['~/handler.sh'],
    ['$HOME/handler.sh'],
    ["printf '%s\\n' x"],
    ['true;false'],
    [`# ${'far longer than a file name may be '.repeat(200)}`],
  ])('gives a single word of shell to sh: %.20s', (word) => {
    expect(resolved(word)).toEqual({ file: '/bin/sh', args: ['-c', word] });
  });

  it.each([
    ['#!/no/such/sh -e\n', '"/no/such/sh"', 'install it'],
    ['#! /bin/sh\r\nexit 0\r\n', '"/bin/sh\\r"', 'CR LF'],
    ['#!no/such/sh', '"no/such/sh"', 'install it'],
  ])('refuses a script whose interpreter is missing: %j', (text, named, hint) => {
    writeFileSync(join(cwd, 'script'), text, { mode: 0o755 });
    const error = refused('./script');
    expect(error.message).toBe(`the interpreter of ${join(cwd, 'script')} is missing: ${named}`);
    expect(error.hint).toContain(hint);
  });

  it.each(['#!/bin/sh', '#!\t/usr/bin/env sh\n', '#!sh-in-cwd\n', '#!\n', '', '\x7fELF#!/no'])(
    'takes one whose interpreter is there, or which names none: %j',
    (text) => {
      program(cwd, 'sh-in-cwd');
      writeFileSync(join(cwd, 'script'), text, { mode: 0o755 });
      expect(resolved('./script')).toEqual({ file: './script', args: [] });
    },
  );

  it('looks where execvp looks when PATH is not set', () => {
    expect(resolveHandler(['cat'], { cwd, env: {} }).file).toBe('cat');
    expect(() => resolveHandler(['tool'], { cwd, env: {} })).toThrow('no such handler: tool');
  });

  it('takes an empty entry of PATH for the working folder', () => {
    expect(resolveHandler(['handler.sh'], { cwd, env: { PATH: '/usr/bin:' } }).args).toEqual([]);
  });

  it('prefers an executable file to one that comes first in PATH', () => {
    const later = temporaryFolder();
    program(later, 'plain');
    expect(resolveHandler(['plain'], { cwd, env: { PATH: `${bin}:${later}` } }).args).toEqual([]);
  });

  it.each([
    ['a missing command', ['no-such-command'], 'no such handler: no-such-command', /PATH/],
    ['a missing path', ['./missing.sh'], 'no such handler: ./missing.sh', /path/],
    ['a path through a file', ['./plain.sh/x'], 'no such handler: ./plain.sh/x', /path/],
    ['a name of the working folder', ['handler.sh'], 'no such handler: handler.sh', /\.\/handler/],
    ['such a name with a blank', ['my handler.sh'], 'no such handler', /\.\/my handler\.sh/],
    ['two words of which one is shell', ['a | b', 'c'], 'no such handler: a | b', /PATH/],
    ['a file that is not executable', ['./plain.sh'], 'not executable: ./plain.sh', /chmod \+x/],
    ['a command that is not executable', ['plain'], 'not executable: plain', /chmod \+x/],
    ['a folder', ['./folder'], 'a folder: ./folder', /program/],
    ['no words', [], 'no handler was given', /dq work --/],
    ['an empty word', [''], 'no handler was given', /dq work --/],
    ['blanks', [' \n'], 'no handler was given', /dq work --/],
  ])('refuses %s', (_, words, message, hint) => {
    const error = refused(...words);
    expect(error.kind).toBe('usage');
    expect(error.message).toContain(message);
    expect(error.hint).toMatch(hint);
  });
});
