// What a host of a schedule tells of its worker's events: most of them its entries tell by themselves.

import type { Report, WorkEvent } from '../consume/events.ts';
import type { Timetable } from '../schedule/timetable.ts';

/** @param ownTube that of the host's own ticks: its nodes are those of the other tube, and told once. */
export function eventsOfWorker(report: Report, timetable: Timetable, ownTube: string): Report {
  /** The entries that nobody runs any more, each told once however many ticks it left. */
  const gone = new Set<string>();
  const isTold = ({ event, level, tube, reason, entry }: WorkEvent): boolean => {
    switch (event) {
      case 'done':
      case 'failed':
        return true;
      case 'given-back':
        return reason !== undefined; // it waits for its turn
      case 'node-down':
      case 'node-up':
        return tube === ownTube;
      case 'removed': {
        if (entry === undefined || level !== 'warn') return false;
        const isNew = !gone.has(entry) && !timetable.hasHad(entry);
        gone.add(entry);
        return !isNew;
      }
      default:
        return false;
    }
  };
  return (event) => {
    if (isTold(event)) report({ ...event, level: 'debug' });
    else if (event.event === 'given-back') report({ ...event, reason: 'dq stops: it runs again' });
    else report(event);
  };
}
