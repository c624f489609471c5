// The bar that shows how far a survey is: for people who wait at a terminal.

import type { Printer } from '../output/printer.ts';
import { noProgress, progressOn, type Progress } from '../output/progress.ts';

export function progressBar(printer: Printer): Progress | Promise<Progress> {
  if (!printer.onTerminal || printer.json || printer.quiet) return noProgress;
  return progressOn(printer.stderr, 'reading');
}
