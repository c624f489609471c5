// Who waits for which reply: the k-th reply belongs to the k-th command. Knows no socket.

import type { Buffer } from 'node:buffer';
import { NodeError } from '../core/errors.ts';
import type { NodeFault } from '../core/errors.ts';
import type { Batch, Command, Commands } from './command.ts';
import { encode } from './encode.ts';
import { excerpt, ProtocolError, Refusal, unexpected } from './reply.ts';
import type { BodyWord, Reply } from './reply.ts';
import { Skimmer } from './skimmer.ts';

interface Waiting {
  readonly command: Command<unknown>;
  /** How many replies it still has to get. */
  due: number;
  readonly resolve: (outcome: unknown) => void;
  readonly reject: (error: NodeError) => void;
  /** Whether it could read its next reply from the bytes. */
  readonly skim: ((bytes: Skimmer) => boolean) | undefined;
}

/** So many answered commands are forgotten in one go: shifting them off one by one would cost far more. */
const forgottenAtOnce = 1_024;

export class Pipeline {
  readonly #endpoint: string;
  /** Answered up to `#answered`, then written up to `#written`, then not yet written. */
  #commands: Waiting[] = [];
  #answered = 0;
  #written = 0;
  #due = 0;
  readonly #skimmer = new Skimmer();

  /** @param endpoint what errors name. */
  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  /** How many replies are due. */
  get length(): number {
    return this.#due;
  }

  /** The command whose reply is the next to come. */
  get oldest(): Command<unknown> | undefined {
    return this.#next?.command;
  }

  get #next(): Waiting | undefined {
    return this.#answered < this.#written ? this.#commands[this.#answered] : undefined;
  }

  add<Outcome>(command: Command<Outcome>): Promise<Outcome> {
    this.#due += 1;
    return new Promise<Outcome>((resolve, reject) => {
      const resolveIt = resolve as Waiting['resolve'];
      this.#commands.push({ command, due: 1, resolve: resolveIt, reject, skim: undefined });
    });
  }

  /** The same for many, whose outcomes are wanted together. */
  addAll<Outcome>({ lines, bodyAfter, read, skim }: Commands<Outcome>): Promise<Outcome[]> {
    if (lines.length === 0) return Promise.resolve([]);
    this.#due += lines.length;
    return new Promise((resolve, reject) => {
      const outcomes: Outcome[] = [];
      let answered = 0;
      const readNext = (reply: Reply): void => {
        outcomes.push(read(reply, answered++));
      };
      const skimNext = (bytes: Skimmer): boolean => {
        const outcome = skim(bytes, answered);
        if (outcome === false) return false;
        answered += 1;
        outcomes.push(outcome);
        return true;
      };
      const take = (): void => {
        if (outcomes.length === lines.length) resolve(outcomes);
      };
      const command = { line: lines.join('\r\n'), bodyAfter, read: readNext };
      this.#commands.push({ command, due: lines.length, resolve: take, reject, skim: skimNext });
    });
  }

  /** For each of a batch its outcome, or why it was refused: a NodeError. */
  addBatch<Outcome>(batch: Batch<Outcome>): Promise<(Outcome | NodeError)[]> {
    const { encoded, length, waitMs = 0, bodyAfter, read, skim } = batch;
    if (length === 0) return Promise.resolve([]);
    this.#due += length;
    return new Promise((resolve) => {
      const outcomes: (Outcome | NodeError)[] = [];
      const readNext = (reply: Reply): void => {
        const outcome = orRefusal(read, reply);
        outcomes.push(outcome instanceof Refusal ? this.#errorOf(outcome) : outcome);
      };
      const skimNext = (bytes: Skimmer): boolean => {
        const outcome = skim?.(bytes) ?? false;
        if (outcome === false) return false;
        outcomes.push(outcome);
        return true;
      };
      const take = (): void => {
        if (outcomes.length === length) resolve(outcomes);
      };
      const fail = (error: NodeError): void => {
        while (outcomes.length < length) outcomes.push(error);
        take();
      };
      const body = bodyAfter === undefined ? {} : { bodyAfter };
      const command = { line: '', encoded, waitMs, ...body, read: readNext };
      this.#commands.push({ command, due: length, resolve: take, reject: fail, skim: skimNext });
    });
  }

  /** The bytes of the commands added since the last call. From now on they count as written. */
  take(): Buffer {
    const taken = this.#commands.slice(this.#written).map(({ command }) => command);
    this.#written = this.#commands.length;
    return encode(taken);
  }

  /** @throws ProtocolError: a reply with a body begins to come that the command isn't answered with. */
  expectBody(word: BodyWord): void {
    if (word === this.oldest?.bodyAfter) return;
    throw new ProtocolError(`unexpected reply ${excerpt(word)} with a body`);
  }

  /**
   * Reads a reply from the bytes, if its command knows how and all of it is there.
   * @returns where the next one begins; `at`: it is to be received.
   */
  skim(bytes: Buffer, at: number): number {
    const waiting = this.#next;
    if (waiting?.skim === undefined) return at;
    this.#skimmer.begin(bytes, at);
    if (!waiting.skim(this.#skimmer)) return at;
    this.#answer(waiting);
    waiting.resolve(undefined);
    return this.#skimmer.next;
  }

  /** @throws ProtocolError: the reply, or that it came at all, breaks the protocol; nobody got it. */
  receive(reply: Reply): void {
    const waiting = this.#next;
    if (waiting === undefined) {
      throw new ProtocolError(`a reply that nobody waits for: ${unexpected(reply).message}`);
    }
    const outcome = orRefusal(waiting.command.read, reply);
    this.#answer(waiting);
    if (outcome instanceof Refusal) waiting.reject(this.#errorOf(outcome));
    else waiting.resolve(outcome);
  }

  #errorOf({ fault, message }: Refusal): NodeError {
    return new NodeError(this.#endpoint, fault, message);
  }

  #answer(waiting: Waiting): void {
    this.#due -= 1;
    waiting.due -= 1;
    if (waiting.due === 0) this.#forget();
  }

  #forget(): void {
    this.#answered += 1;
    if (this.#answered < forgottenAtOnce && this.#answered < this.#commands.length) return;
    this.#commands.splice(0, this.#answered);
    this.#written -= this.#answered;
    this.#answered = 0;
  }

  /** No further reply will come: every command is rejected (to those that were answered it means nothing). */
  fail(fault: NodeFault, message: string, cause?: unknown): void {
    const written = new NodeError(this.#endpoint, fault, message, { unconfirmed: true, cause });
    const unwritten = new NodeError(this.#endpoint, fault, message, { cause });
    this.#commands.forEach(({ reject }, at) => {
      reject(at < this.#written ? written : unwritten);
    });
    this.#commands = [];
    this.#answered = 0;
    this.#written = 0;
    this.#due = 0;
  }
}

function orRefusal<Outcome>(read: (reply: Reply) => Outcome, reply: Reply): Outcome | Refusal {
  try {
    return read(reply);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
