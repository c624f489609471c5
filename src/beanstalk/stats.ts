// The bodies of stats and lists: `---`, then a line `key: value` or `- name` each.
//
// They look like YAML and aren't: 1.12 leaves values bare that YAML would read as comments or numbers, 1.13 quotes
// some, and tubes may be called `null` or `1e3`. So each line is split at its first `: `, and quotes around a value go.

import type { Buffer } from 'node:buffer';
import { ProtocolError, excerpt, unexpected } from './reply.ts';
import type { Reply } from './reply.ts';

export type Stats = ReadonlyMap<string, string>;

/** @throws ProtocolError, Refusal */
export function readStats(reply: Reply): Stats {
  const stats = new Map<string, string>();
  for (const line of linesOf(reply)) {
    const colon = line.indexOf(': ');
    if (colon === -1) throw new ProtocolError(`no line of stats: ${excerpt(line)}`);
    stats.set(line.slice(0, colon), unquoted(line.slice(colon + 2)));
  }
  return stats;
}

/** What a few of many values are taken from. */
export type Lookup = Pick<Stats, 'get'>;

/**
 * For statistics that are asked for by the thousand: nothing is read but what is looked up, below the first line.
 * @throws ProtocolError, Refusal
 */
export function lookUpStats(reply: Reply): Lookup {
  const text = bodyOf(reply).toString('latin1');
  return {
    get: (key) => {
      const label = `\n${key}: `;
      const at = text.indexOf(label);
      if (at === -1) return undefined;
      const from = at + label.length;
      const end = text.indexOf('\n', from);
      return unquoted(text.slice(from, end === -1 ? text.length : end));
    },
  };
}

/** @throws ProtocolError, Refusal */
export function readList(reply: Reply): string[] {
  return linesOf(reply).map((line) => {
    if (!line.startsWith('- ')) throw new ProtocolError(`no line of a list: ${excerpt(line)}`);
    return unquoted(line.slice(2));
  });
}

/** The value of a key that must be there. @throws ProtocolError */
export function textOf(stats: Lookup, key: string): string {
  const text = stats.get(key);
  if (text === undefined) throw new ProtocolError(`stats without ${excerpt(key)}`);
  return text;
}

/** @throws ProtocolError */
export function numberOf(stats: Lookup, key: string): number {
  const text = textOf(stats, key);
  if (!/^-?\d{1,15}$/.test(text)) {
    throw new ProtocolError(`stats with ${excerpt(key)} that is no number: ${excerpt(text)}`);
  }
  return Number(text);
}

function linesOf(reply: Reply): string[] {
  const lines = bodyOf(reply).toString('utf8').split('\n');
  return lines.filter((line) => line !== '' && line !== '---');
}

function bodyOf(reply: Reply): Buffer {
  if (reply.word !== 'OK' || reply.body === undefined) throw unexpected(reply);
  return reply.body;
}

function unquoted(value: string): string {
  return value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}
