// The log of a worker: what its reader doesn't take yet waits here, because a worker that stands still loses its leases.

import { Buffer } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';

/** In bytes, some thousand lines: who would tell more waits for the reader. */
const mostWaiting = 1_048_576;
/** A pipe takes so many bytes whole or not at all (Linux's PIPE_BUF): no line of a handler gets into one of ours. */
const mostAtOnce = 4_096;
/** No event tells that the reader goes on: it is tried, ever less often, in ms. */
const firstWait = 1;
const lastWait = 64;

const lineFeed = 0x0a;

/**
 * Opens a pipe or a terminal a second time: that it doesn't wait for its reader holds for this process alone then.
 * @returns undefined where that can't be done (a socket, somebody else's pipe, another system than Linux), or isn't
 * needed (a file).
 */
export function openLog(descriptor: number): Log | undefined {
  const stats = fstatSync(descriptor);
  if (!stats.isFIFO() && !stats.isCharacterDevice()) return undefined;
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return new Log(openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY));
  } catch {
    return undefined; // told above
  }
}

export class Log {
  readonly #descriptor: number;
  #waiting: Buffer[] = [];
  /** The bytes of all that waits. */
  #length = 0;
  #wait = firstWait;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #onTaken: (() => void)[] = [];
  #backlog: Promise<void> | undefined;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** @param text whole lines. */
  write(text: string): void {
    if (this.#closed) return;
    for (const piece of piecesOf(Buffer.from(text))) {
      this.#waiting.push(piece);
      this.#length += piece.length;
    }
    if (this.#retry === undefined) this.#send();
  }

  /** Undefined, or too much waits: resolves when it is less. */
  get backlog(): Promise<void> | undefined {
    if (this.#length < mostWaiting) return undefined;
    this.#backlog ??= this.#fallsBelow(mostWaiting).finally(() => {
      this.#backlog = undefined;
    });
    return this.#backlog;
  }

  /**
   * Resolves when nothing waits any more.
   * @param patience what still waits after so many ms is lost; without it, it is waited for.
   */
  async flushed(patience?: number): Promise<void> {
    if (patience !== undefined) setTimeout(this.#close, patience).unref();
    await this.#fallsBelow(1);
  }

  async #fallsBelow(length: number): Promise<void> {
    while (this.#length >= length) {
      await new Promise<void>((resolve) => {
        this.#onTaken.push(resolve);
      });
    }
  }

  readonly #send = (): void => {
    this.#retry = undefined;
    const before = this.#length;
    try {
      while (this.#length > 0) this.#sendFirst();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') {
        this.#close(); // what stderr doesn't take, nobody can be told
        return;
      }
      this.#wait = this.#length < before ? firstWait : Math.min(2 * this.#wait, lastWait);
      this.#retry = setTimeout(this.#send, this.#wait);
    }
    if (this.#length < before) this.#tellTaken();
  };

  #sendFirst(): void {
    const [piece] = this.#waiting;
    if (piece === undefined) return;
    const written = writeSync(this.#descriptor, piece);
    this.#length -= written;
    if (written === piece.length) this.#waiting.shift();
    else this.#waiting[0] = piece.subarray(written);
  }

  readonly #close = (): void => {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    closeSync(this.#descriptor);
    this.#waiting = [];
    this.#length = 0;
    this.#tellTaken();
  };

  #tellTaken(): void {
    for (const resolve of this.#onTaken.splice(0)) resolve();
  }
}

/** Whole lines, as many as are written at once; a longer line is a piece of its own. */
function* piecesOf(text: Buffer): Generator<Buffer> {
  for (let from = 0, end = 0; from < text.length; from = end) {
    end = endOfPiece(text, from);
    yield text.subarray(from, end);
  }
}

function endOfPiece(text: Buffer, from: number): number {
  if (text.length - from <= mostAtOnce) return text.length;
  const end = text.lastIndexOf(lineFeed, from + mostAtOnce - 1) + 1;
  return end > from ? end : text.indexOf(lineFeed, from) + 1 || text.length;
}
