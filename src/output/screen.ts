// The whole terminal for one picture that is drawn again and again, and left as it was found, whatever happens.

const escape = '\u001b[';
/** The terminal's other screen: what was there before comes back afterwards. */
const enter = `${escape}?1049h${escape}?25l`;
const leave = `${escape}?25h${escape}?1049l`;
const home = `${escape}H`;
const eraseToLineEnd = `${escape}K`;
const eraseBelow = `${escape}J`;

/** Of a terminal that doesn't say. */
const usual = { columns: 80, rows: 24 };

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface ScreenEvents {
  readonly onResize: () => void;
  /** `key`: the bytes that it sends. Ctrl-C is one, `\x03`. */
  readonly onKey: (key: string) => void;
  /** The terminal is gone. */
  readonly onEnd: () => void;
}

export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #keys: NodeJS.ReadStream;
  readonly #events: ScreenEvents;
  #isOpen = false;

  constructor(out: NodeJS.WriteStream, keys: NodeJS.ReadStream, events: ScreenEvents) {
    this.#out = out;
    this.#keys = keys;
    this.#events = events;
  }

  get size(): Size {
    const { columns, rows } = this.#out;
    return columns > 0 && rows > 0 ? { columns, rows } : usual;
  }

  open(): void {
    const { onResize, onKey, onEnd } = this.#events;
    this.#isOpen = true;
    process.on('exit', this.#leave);
    this.#out.write(enter);
    this.#out.on('resize', onResize);
    if (!this.#keys.isTTY) return;
    this.#keys.setRawMode(true);
    this.#keys.setEncoding('utf8').on('data', onKey).on('end', onEnd).on('error', onEnd);
  }

  /** In one write, over what was there: nothing flickers. @param lines no more, and no longer, than fit. */
  draw(lines: readonly string[]): void {
    this.#out.write(`${home}${lines.join(`${eraseToLineEnd}\r\n`)}${eraseToLineEnd}${eraseBelow}`);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { onResize, onKey, onEnd } = this.#events;
    process.off('exit', this.#leave);
    this.#leave();
    this.#out.off('resize', onResize);
    if (!this.#keys.isTTY) return;
    this.#keys.setRawMode(false);
    this.#keys.off('data', onKey).off('end', onEnd).pause();
  }

  /** Also when the process ends by an error that nobody caught. */
  readonly #leave = (): void => {
    this.#out.write(leave);
  };
}
