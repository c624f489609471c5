// A progress bar on stderr, for a terminal only: cli-progress is loaded when there is something to show.

import type { SingleBar } from 'cli-progress';

export interface Progress {
  /** @param fraction 0 to 1: then nothing is left to wait for, or to show. @param found how many there are up to now. */
  show(fraction: number, found: number): void;
  /** Its line is free for other text; the next `show` draws it anew. */
  hide(): void;
}

export const noProgress: Progress = { show: () => undefined, hide: () => undefined };

/** In thousandths. */
const total = 1_000;

export async function progressOn(stream: NodeJS.WriteStream, what: string): Promise<Progress> {
  const { SingleBar } = await import('cli-progress');
  const bar = new SingleBar({
    stream,
    format: `${what} {bar} {percentage} %, {found} found`,
    barCompleteChar: '━',
    barIncompleteChar: ' ',
    barsize: 30,
    clearOnComplete: true,
    // Should dq be killed meanwhile, nothing is left switched off
    ...{ hideCursor: false, linewrap: true, gracefulExit: false },
  });
  return new TerminalProgress(bar);
}

class TerminalProgress implements Progress {
  readonly #bar: SingleBar;
  #shown = false;

  constructor(bar: SingleBar) {
    this.#bar = bar;
  }

  show(fraction: number, found: number): void {
    if (fraction >= 1) {
      this.hide();
      return;
    }
    const done = Math.floor(fraction * total);
    if (this.#shown) this.#bar.update(done, { found });
    else this.#bar.start(total, done, { found });
    this.#shown = true;
  }

  hide(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#bar.stop();
  }
}
