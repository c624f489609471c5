// The log of a worker: an event as a line for people, or as a line of JSON for programs.

import { escapeControl, jsonText } from './escape.ts';
import type { Paint } from './paint.ts';

/** The shape of an event; what it may hold besides is up to who tells it. */
export interface LogEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
}

const words = new Map([
  ['ms', 'ms'],
  ['exitCode', 'exit'],
  ['retryMs', 'retry-ms'],
]);

/** Shown first or not at all: what they say is in the line's beginning. */
const leading = new Set(['level', 'event', 'reason']);

export function jsonLine(event: LogEvent, now: number): string {
  const { level, event: name, ...facts } = event;
  return jsonText({ time: new Date(now).toISOString(), level, event: name, ...facts });
}

/** `<time> <event> <facts as name=value>: <reason>` */
export function textLine(event: LogEvent, now: number, paint: Paint): string {
  const facts = Object.entries(event)
    .filter(([name, value]) => !leading.has(name) && value !== undefined)
    .map(([name, value]) => `${words.get(name) ?? name}=${escapeControl(String(value))}`);
  const reason = reasonOf(event);
  const time = paint.dim(new Date(now).toISOString());
  const start = [time, colour(event, paint)(event.event), ...facts].join(' ');
  return `${start}${reason}`;
}

/** Nothing when the facts say it already. */
function reasonOf(event: LogEvent): string {
  const { reason, exitCode } = event as LogEvent & Record<string, unknown>;
  if (typeof reason !== 'string' || reason === `exit ${String(exitCode)}`) return '';
  return `: ${escapeControl(reason)}`;
}

function colour({ level, event }: LogEvent, paint: Paint): (text: string) => string {
  if (level === 'error') return paint.bad;
  if (level === 'warn') return paint.warn;
  return event === 'done' ? paint.good : paint.strong;
}
