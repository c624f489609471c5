// Small readers that turn unknown values into typed ones, reporting every issue on the way.

import { DqError } from './errors.ts';
import { parseDuration } from './duration.ts';
import { nearest } from './nearest.ts';
import { isTubeName } from './receipt.ts';
import { redactUrl } from './redact-url.ts';

export type Report = (path: string, message: string, hint?: string) => void;

/**
 * Gives the value found at `path`, typed. One that reports an issue still gives something: a stand-in
 * (NaN, '', an empty mapping) that no later check objects to, as nobody gets to use it.
 */
export type Reader<T> = (value: unknown, path: string, report: Report) => T;

/** What was given and known. */
type Given<Shape> = {
  readonly [Key in keyof Shape]?: Shape[Key] extends Reader<infer T> ? T : never;
};

/**
 * Without a value (null) it is an empty one: all of its options may be commented out. Of anything else the value is
 * missing: a script's typo mustn't send jobs elsewhere.
 * @param elsewhere paths of options outside this mapping that may have been meant by an unknown key.
 */
export function mapping<Shape extends Readonly<Record<string, Reader<unknown>>>>(
  shape: Shape,
  elsewhere: readonly string[] = [],
): Reader<Given<Shape>> {
  return (value, path, report) => {
    const given: Record<string, unknown> = {};
    if (isMapping(value)) {
      for (const [key, inner] of Object.entries(value)) {
        const read = Object.hasOwn(shape, key) ? shape[key] : undefined;
        if (read === undefined) {
          const hint = suggestion(key, Object.keys(shape), elsewhere);
          report(inside(path, shownKey(key)), 'unknown option', hint);
        } else if (inner !== undefined) {
          given[key] = read(inner, inside(path, key), report);
        }
      }
    } else if (value !== null) {
      report(path, `must be a mapping, not ${shown(value)}`);
    }
    return given as Given<Shape>;
  };
}

function inside(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function suggestion(
  key: string,
  siblings: readonly string[],
  elsewhere: readonly string[],
): string {
  const known = [...siblings, ...elsewhere];
  const near = nearest(key, known.map(lastWord));
  const path = known.find((candidate) => lastWord(candidate) === near);
  return path === undefined ? `known are ${siblings.join(', ')}` : `did you mean ${path}?`;
}

function lastWord(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

export const flag: Reader<boolean> = (value, path, report) => {
  if (typeof value !== 'boolean') report(path, `must be true or false, not ${shown(value)}`);
  return value === true;
};

export const text: Reader<string> = (value, path, report) => {
  if (typeof value === 'string' && value !== '') return value;
  report(path, `must be a text, not ${shown(value)}`);
  return '';
};

/** A whole number of 1 or more. */
export const count: Reader<number> = (value, path, report) => {
  if (Number.isSafeInteger(value) && Number(value) >= 1) return Number(value);
  report(path, `must be a whole number of at least 1, not ${shown(value)}`);
  return NaN;
};

export const tubeName: Reader<string> = (value, path, report) => {
  if (typeof value === 'string' && isTubeName(value)) return value;
  report(path, `not a tube name: ${shown(value)}`, tubeNameHint(value));
  return '';
};

function tubeNameHint(value: unknown): string {
  if (value === null) return 'leave the option out, or put null in quotes';
  if (typeof value === 'number' || typeof value === 'boolean') return 'put it in quotes';
  return 'up to 200 letters, digits and - + / ; . $ _ ( ), the first one no -';
}

/** A duration with a unit, in ms. @param least the shortest that makes sense, as text. */
export function duration(least: string): Reader<number> {
  return (value, path, report) => {
    if (typeof value !== 'string' && typeof value !== 'number') {
      report(path, `must be a duration such as 30s, not ${shown(value)}`);
      return NaN;
    }
    try {
      const ms = parseDuration(String(value));
      if (ms < parseDuration(least)) report(path, `must be at least ${least}, not ${value}`);
      return ms;
    } catch (error) {
      if (!(error instanceof DqError)) throw error;
      report(path, error.message, error.hint);
      return NaN;
    }
  };
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A value as a message shows it: short, on one line, without a password. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shortened(redactUrl(value)));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null || value === undefined) return 'nothing';
  if (value instanceof Date) return 'a date';
  return Array.isArray(value) ? 'a list' : 'a mapping';
}

function shownKey(key: string): string {
  return /^[\w-]+$/.test(key) ? key : shown(key);
}

function shortened(text: string): string {
  const most = 60;
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}
