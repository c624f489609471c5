// The names of entries, and the choices that every host makes alike because they hang on a name.

import { createHash } from 'node:crypto';

const longestName = 100;

/** Why this is no name for an entry; undefined when it is one. */
export function nameProblem(name: string): string | undefined {
  if (name.length > longestName) return `a name has up to ${longestName} characters`;
  if (/^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.:@/+-]*$/u.test(name)) return undefined;
  return `not a name: ${JSON.stringify(name)}: letters, digits and _ . : @ / + -, the first one a letter, a digit or _`;
}

/** What an entry is known by when nobody named it. Stable for ever: it must not depend on anything else. */
export interface Identity {
  /** Its words, with one blank between them. */
  readonly schedule: string;
  /** As written, or `local`. */
  readonly zone: string;
  /** As written, stdin included. */
  readonly command: string;
}

/** `backup.sh-0f3c9a5b7e21`: the program, for people, and 48 bits of a hash of it all. */
export function derivedName({ schedule, zone, command }: Identity): string {
  const digest = createHash('sha256').update([schedule, zone, command].join('\0')).digest('hex');
  return `${programOf(command)}-${digest.slice(0, 12)}`;
}

const longestProgram = 30;

function programOf(command: string): string {
  const word = /^[^\s;|&<>()]+/.exec(command)?.[0] ?? '';
  const program = word.slice(word.lastIndexOf('/') + 1).replaceAll(/[^\w.-]/g, '');
  return program.replace(/^[^\w]+/, '').slice(0, longestProgram) || 'entry';
}

/** A whole number from `low` to `high`, the same on every host. @param seed the name, and what it is for. */
export function stableChoice(seed: string, low: number, high: number): number {
  const bits = createHash('sha256').update(seed).digest().readUIntBE(0, 6);
  return low + (bits % (high - low + 1));
}
