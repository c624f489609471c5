// The printer: data on stdout, everything else on stderr, as much of it as was asked for.

import { messageOf, type DqError } from '../core/errors.ts';
import { escapeControl, jsonText } from './escape.ts';
import { loadPaint, plain, wantsColor, type Paint } from './paint.ts';
import { isClosed, isTerminal, standard, writeError, writeOut } from './standard.ts';

export interface PrinterOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly noColor: boolean;
}

export class Printer {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly #noColor: boolean;
  readonly #env: NodeJS.ProcessEnv;
  /** Lines that aren't written yet. */
  #events = '';

  constructor(options: PrinterOptions, env: NodeJS.ProcessEnv) {
    this.json = options.json;
    this.quiet = options.quiet;
    this.verbose = options.verbose;
    this.#noColor = options.noColor;
    this.#env = env;
  }

  /** Nobody reads stdout any more (`| head`). */
  get closed(): boolean {
    return isClosed('stdout');
  }

  get onTerminal(): boolean {
    return isTerminal('stderr');
  }

  /** Columns of the terminal that stdout is; undefined: it is none. */
  get columns(): number | undefined {
    return isTerminal('stdout') ? standard('stdout').columns : undefined;
  }

  /** Resolves when more may be printed. */
  data(text: string): Promise<void> | undefined {
    if (this.closed) return undefined;
    if (writeOut(`${text}\n`)) return undefined;
    const stdout = standard('stdout');
    return new Promise((resolve) => {
      const finish = (): void => {
        stdout.off('drain', finish).off('error', finish);
        resolve();
      };
      stdout.on('drain', finish).on('error', finish);
    });
  }

  line(value: object): Promise<void> | undefined {
    return this.data(jsonText(value));
  }

  /** What was done, for people: not with `--quiet`, not with `--json`. */
  note(text: string): void {
    if (!this.quiet && !this.json) this.#error(escapeControl(text));
  }

  /** What nobody asked for and everybody should know: not with `--quiet`. */
  notice(text: string): void {
    if (this.quiet) return;
    this.#error(this.json ? jsonText({ level: 'info', message: text }) : escapeControl(text));
  }

  warn(text: string): void {
    if (this.json) this.#error(jsonText({ level: 'warn', message: text }));
    else this.#error(`dq: ${escapeControl(text)}`);
  }

  /** One event of a worker, in the form that was asked for. Those of one tick share one write. */
  event(text: string): void {
    if (this.#events === '') process.nextTick(this.#tellEvents);
    this.#events += `${text}\n`;
  }

  async failure(error: Failure): Promise<void> {
    if (this.json) {
      for (const single of problemsOf(error)) this.#error(jsonText({ error: single }));
      return;
    }
    const paint = await this.paint('stderr');
    const [first = '', ...more] = linesOf(error).map(escapeControl);
    this.#error([`${paint.bad('dq:')} ${first}`, ...more].join('\n'));
    if (error.hint !== undefined) this.#error(paint.dim(`    ${escapeControl(error.hint)}`));
  }

  async paint(name: 'stdout' | 'stderr' = 'stdout'): Promise<Paint> {
    return wantsColor(isTerminal(name), this.#noColor, this.#env) ? loadPaint() : plain;
  }

  get stderr(): NodeJS.WriteStream {
    return standard('stderr');
  }

  #error(text: string): void {
    this.#tellEvents();
    writeError(`${text}\n`);
  }

  readonly #tellEvents = (): void => {
    const events = this.#events;
    this.#events = '';
    if (events !== '') writeError(events);
  };
}

interface Problem {
  readonly message: string;
  readonly node?: string | undefined;
  readonly path?: string | undefined;
  readonly hint?: string | undefined;
}

/** A configuration's error tells all of its issues at once. */
type Failure = DqError & { readonly issues?: readonly Problem[] };

/** One for each issue; any other end of line is somebody's name. */
function linesOf({ message, issues }: Failure): string[] {
  return issues === undefined ? [message] : message.split('\n');
}

/** For programs each issue is an error of its own. */
function problemsOf(error: Failure): object[] {
  const { kind, issues = [error] } = error;
  return issues.map((problem) => {
    const { node, path, hint } = problem;
    const message = problem instanceof Error ? messageOf(problem) : problem.message;
    return { kind, message, node, path, hint };
  });
}
