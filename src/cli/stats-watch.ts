// dq stats --watch: a look at every interval, drawn over the last one on a terminal, else printed below it.

import { systemClock } from '../core/clock.ts';
import { formatDuration } from '../core/duration.ts';
import type { Paint } from '../output/paint.ts';
import { Screen } from '../output/screen.ts';
import { isTerminal, standard } from '../output/standard.ts';
import { cut } from '../output/table.ts';
import { sum } from '../queue/tally.ts';
import type { Context } from './context.ts';
import { statsJson } from './stats-json.ts';
import type { StatsReport } from './stats-report.ts';
import { statsLines } from './stats-text.ts';
import { stopSignals, type StopSignals } from './stop-signals.ts';

/** A look; who doesn't answer within so many ms is told as he was last seen. */
export type Sight = (within: number, stop?: AbortSignal) => Promise<StatsReport>;

/** How many looks a trend goes back. */
const trendLength = 20;

/** q, or Ctrl-C. */
const quitKeys = /[qQ\u0003]/;

/** Until it is stopped: by a signal, by q, or because nobody reads on. */
export async function watchStats(sight: Sight, interval: number, context: Context): Promise<void> {
  const hasScreen = onScreen(context);
  const signals = stopSignals(hasScreen ? ['SIGTERM', 'SIGINT'] : undefined);
  try {
    const watch = new Watch(sight, interval, signals.stop);
    if (hasScreen) await draw(watch, signals, context);
    else await print(watch, context);
  } finally {
    signals.release();
  }
}

function onScreen({ printer, env }: Context): boolean {
  return isTerminal('stdout') && !printer.json && env['TERM'] !== 'dumb';
}

async function draw(watch: Watch, signals: StopSignals, { printer }: Context): Promise<void> {
  const paint = await printer.paint();
  const redraw = (): void => {
    const { columns, rows } = screen.size;
    // The last column stays free: erasing to the end of a full line would take its last character
    screen.draw(watch.picture({ width: columns - 1, lines: rows, paint }));
  };
  // Without the terminal that it began with, Node aborts at the end of the process, unless a signal is the end
  const hangUp = (): void => {
    process.off('SIGHUP', hangUp);
    screen.close();
    process.kill(process.pid, 'SIGHUP');
  };
  const screen = new Screen(standard('stdout'), process.stdin, {
    onResize: redraw,
    onKey: (keys) => {
      if (quitKeys.test(keys)) signals.finish();
    },
    onEnd: hangUp,
  });
  process.on('SIGHUP', hangUp);
  screen.open();
  try {
    while (await watch.next()) redraw();
  } finally {
    screen.close();
    process.off('SIGHUP', hangUp);
  }
}

async function print(watch: Watch, { printer }: Context): Promise<void> {
  const paint = await printer.paint();
  while (!printer.closed && (await watch.next())) {
    if (!printer.json) {
      await printer.data(
        `${watch.picture({ width: Infinity, lines: Infinity, paint }).join('\n')}\n`,
      );
      continue;
    }
    for (const line of watch.json()) await printer.line(line);
  }
}

interface Frame {
  readonly width: number;
  readonly lines: number;
  readonly paint: Paint;
}

class Watch {
  readonly #sight: Sight;
  readonly #interval: number;
  readonly #stop: AbortSignal;
  readonly #trends = new Map<string, readonly number[]>();
  #report: StatsReport | undefined;
  /** When the last look began, by `performance.now()`. */
  #began = -Infinity;

  constructor(sight: Sight, interval: number, stop: AbortSignal) {
    this.#sight = sight;
    this.#interval = interval;
    this.#stop = stop;
  }

  /** Looks when it is time to; false: it was stopped. */
  async next(): Promise<boolean> {
    await systemClock.sleep(this.#began + this.#interval - performance.now(), this.#stop);
    if (this.#stop.aborted) return false;
    this.#began = performance.now();
    const report = await this.#sight(this.#interval, this.#stop);
    this.#report = report;
    for (const { tube, jobs } of report.tubes) {
      if (jobs === undefined) continue;
      const before = this.#trends.get(tube) ?? [];
      this.#trends.set(tube, [...before, sum(jobs)].slice(-trendLength));
    }
    return !this.#stop.aborted;
  }

  json(): object[] {
    return this.#report === undefined ? [] : statsJson(this.#report);
  }

  picture({ width, lines, paint }: Frame): string[] {
    if (this.#report === undefined) return [];
    const time = new Date(this.#report.now).toISOString();
    const title = `dq stats  ${time}  every ${formatDuration(this.#interval)}`;
    const below = statsLines(this.#report, {
      ...{ width, lines: lines - 1, paint, trends: this.#trends },
    });
    return [paint.dim(cut(title, width)), ...below];
  }
}
