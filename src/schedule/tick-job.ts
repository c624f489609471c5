// A tick as a job: its payload, and the tubes where ticks lie.

import { Buffer } from 'node:buffer';
import { DqError } from '../core/errors.ts';
import type { Entry } from './entry.ts';

/** For ever: hosts of any version write the same bytes for the same tick, so that it is one job. */
const form = 'tick/1/';

/** Nothing but the entry's name: the tick itself is the job's due instant. */
export function tickPayload(name: string): Buffer {
  return Buffer.from(`${form}${name}`);
}

/** The entry's name; undefined: the payload is no tick's. */
export function entryNameIn(payload: Buffer): string | undefined {
  const text = payload.toString('utf8');
  return text.startsWith(form) ? text.slice(form.length) : undefined;
}

/** Where the ticks of a tube's schedule lie that any host may run. */
export function tickTube(tube: string): string {
  return `${tube}.cron`;
}

/** Where those lie that this host runs for itself. */
export function hostTube(tube: string, host: string): string {
  return `${tickTube(tube)}.${host.replaceAll(/[^A-Za-z0-9\-+/;.$_()]/g, '_')}`;
}

export function isTickTube(tube: string): boolean {
  return /\.cron(\.|$)/.test(tube);
}

/**
 * For jobs: ticks are no payloads for handlers, and hosts drop from among them what is no tick.
 * @throws DqError (usage)
 */
export function refuseTickTubes(tubes: readonly string[]): void {
  const tube = tubes.find(isTickTube);
  if (tube === undefined) return;
  throw new DqError('usage', `${tube} holds the ticks of a schedule`, {
    hint: 'dq cron run puts and runs them; jobs need a tube without .cron',
  });
}

/** What an entry is known by in the ledger: what every host runs for itself is each one's own. */
export function realmOf({ name, hosts }: Pick<Entry, 'name' | 'hosts'>, host: string): string {
  return hosts === 'each' ? `${name}@${host}` : name;
}
