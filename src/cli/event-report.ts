// Tells the events of a worker on stderr, as much and in the form that was asked for.

import type { Report } from '../consume/events.ts';
import { systemClock } from '../core/clock.ts';
import { openLog } from '../output/log.ts';
import type { Printer } from '../output/printer.ts';
import { logBy } from '../output/standard.ts';
import { jsonLine, textLine } from '../output/work-log.ts';

export async function eventReport(printer: Printer): Promise<Report> {
  const paint = await printer.paint('stderr');
  logBy(openLog);
  return (event) => {
    const minor = event.level === 'info' && event.event !== 'output';
    if (event.level === 'debug' && !printer.verbose) return;
    if (minor && printer.quiet) return;
    const now = systemClock.now();
    printer.event(printer.json ? jsonLine(event, now) : textLine(event, now, paint));
  };
}
