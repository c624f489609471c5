// Who waits for which reply: the k-th reply belongs to the k-th command. Knows no socket.

import type { Buffer } from 'node:buffer';
import { NodeError } from '../core/errors.ts';
import type { NodeFault } from '../core/errors.ts';
import type { Command } from './command.ts';
import { encode } from './encode.ts';
import { excerpt, ProtocolError, Refusal, unexpected } from './reply.ts';
import type { BodyWord, Reply } from './reply.ts';

interface Waiting {
  readonly command: Command<unknown>;
  readonly resolve: (outcome: unknown) => void;
  readonly reject: (error: NodeError) => void;
}

/** So many answered commands are forgotten in one go: shifting them off one by one would cost far more. */
const forgottenAtOnce = 1_024;

export class Pipeline {
  readonly #endpoint: string;
  /** Answered up to `#answered`, then written up to `#written`, then not yet written. */
  #commands: Waiting[] = [];
  #answered = 0;
  #written = 0;

  /** @param endpoint what errors name. */
  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  /** How many commands have no reply yet. */
  get length(): number {
    return this.#commands.length - this.#answered;
  }

  /** The command whose reply is the next to come. */
  get oldest(): Command<unknown> | undefined {
    return this.#answered < this.#written ? this.#commands[this.#answered]?.command : undefined;
  }

  add<Outcome>(command: Command<Outcome>): Promise<Outcome> {
    return new Promise<Outcome>((resolve, reject) => {
      this.#commands.push({ command, resolve: resolve as Waiting['resolve'], reject });
    });
  }

  /** The same for many, whose outcomes are wanted together: a promise for each would cost more than the rest. */
  addAll<Outcome>(commands: readonly Command<Outcome>[]): Promise<Outcome[]> {
    if (commands.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const outcomes: Outcome[] = [];
      // Replies come in the order of their commands
      const take = (outcome: unknown): void => {
        outcomes.push(outcome as Outcome);
        if (outcomes.length === commands.length) resolve(outcomes);
      };
      for (const command of commands) this.#commands.push({ command, resolve: take, reject });
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

  /** @throws ProtocolError: the reply, or that it came at all, breaks the protocol; nobody got it. */
  receive(reply: Reply): void {
    const waiting = this.#answered < this.#written ? this.#commands[this.#answered] : undefined;
    if (waiting === undefined) {
      throw new ProtocolError(`a reply that nobody waits for: ${unexpected(reply).message}`);
    }
    const outcome = this.#read(waiting.command, reply);
    this.#forget();
    if (outcome instanceof Refusal) {
      waiting.reject(new NodeError(this.#endpoint, outcome.fault, outcome.message));
    } else {
      waiting.resolve(outcome);
    }
  }

  #read(command: Command<unknown>, reply: Reply): unknown {
    try {
      return command.read(reply);
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
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
  }
}
