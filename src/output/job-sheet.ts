// A job whole, for people: a line for each fact, and its payload.

import { formatInstant } from '../core/instant.ts';
import { dueMs } from '../core/envelope.ts';
import { formatDuration } from '../core/duration.ts';
import { escapeControl } from './escape.ts';
import type { Paint } from './paint.ts';
import { payloadText } from './payload.ts';
import type { JobFacts, LedgerFacts, ReplicaFacts } from './survey-json.ts';

export function jobSheet(job: JobFacts, paint: Paint): string {
  const { key, dueNs, state, tube, payload, ledger, replicas } = job;
  const lines = [
    ['key', key ?? 'none: these bytes are no job of dq’s'],
    ['state', paint.strong(state)],
    ['due', dueNs === undefined ? 'never' : formatInstant(dueMs(dueNs))],
    ['tube', tube],
    ['ledger', ledger === undefined ? 'knows nothing of it' : ledgerText(ledger)],
    ...replicas.map((replica, at) => [at === 0 ? 'replicas' : '', replicaText(replica, paint)]),
    ['payload', `${payload.length} ${payload.length === 1 ? 'byte' : 'bytes'}`],
  ];
  const head = lines.map(([name = '', text = '']) => `${paint.dim(name.padEnd(8))}  ${text}`);
  return [...head, '', payloadText(payload), ''].join('\n');
}

/** How each fact of the ledger is told; what has no words here is told by its name. */
const ledgerWords: Readonly<Record<string, (value: string | number) => string>> = {
  agoMs: (ms) => `${roughly(ms)} ago`,
  leaseLeftMs: (ms) => (Number(ms) > 0 ? `lease ${roughly(ms)}` : 'lease over'),
  inMs: (ms) => (Number(ms) > 0 ? `again in ${roughly(ms)}` : 'may be claimed now'),
  exitCode: (code) => `exit ${code}`,
  reason: (reason) => String(reason),
  worker: (worker) => (worker === '' ? '' : `by ${worker}`),
};

function ledgerText({ state, ...facts }: LedgerFacts): string {
  if (state === 'unknown') return escapeControl(`can’t be asked: ${facts['error']}`);
  const told = Object.entries(facts).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const text = ledgerWords[name]?.(value) ?? `${name} ${value}`;
    return text === '' ? [] : [text];
  });
  return escapeControl([state, ...told].join(', '));
}

function replicaText({ endpoint, tube, id, state, ...facts }: ReplicaFacts, paint: Paint): string {
  const { priority, ttr, age, timeLeft, error } = facts;
  const told = [
    ...(priority === undefined ? [] : [`priority ${priority}`]),
    ...(ttr === undefined ? [] : [`ttr ${ttr}s`]),
    ...(age === undefined ? [] : [`age ${seconds(age)}`]),
    ...(timeLeft === undefined ? [] : [`${seconds(timeLeft)} left`]),
    ...(error === undefined ? [] : [error]),
  ];
  const place = `${endpoint}/${tube}/${id}`;
  return `${place}  ${paint.strong(state)}${told.length === 0 ? '' : `  ${told.join(', ')}`}`;
}

function seconds(count: number): string {
  return count < 0 ? `${count}s` : formatDuration(count * 1_000);
}

/** Whole seconds, once there are some. */
function roughly(ms: string | number): string {
  const exact = Math.max(0, Math.round(Number(ms)));
  return formatDuration(exact < 1_000 ? exact : Math.round(exact / 1_000) * 1_000);
}
