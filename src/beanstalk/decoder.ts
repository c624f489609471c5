// Bytes to replies: a push decoder that keeps what is left over and knows no socket.
//
// A reply is a line of ASCII that ends in CRLF. The lines `OK <length>`, `RESERVED <id> <length>` and
// `FOUND <id> <length>` are followed by that many bytes of any kind, and a CRLF that isn't counted.

import { Buffer } from 'node:buffer';
import { ProtocolError, excerpt } from './reply.ts';
import type { BodyWord, Reply } from './reply.ts';

/** The longest lines name a tube: 200 bytes and a word. */
const longestLine = 1_024;

/** Of a job the largest that any beanstalkd can be set to take (`-z`); of a list a hundred thousand tubes. */
const largestBodies = { RESERVED: 2 ** 30, FOUND: 2 ** 30, OK: 2 ** 25 } as const;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const crlfLength = 2;
const nothing = Buffer.allocUnsafe(0);

/** A line that was read, whose body wasn't yet. */
interface Announced {
  readonly word: BodyWord;
  readonly rest: string;
  readonly length: number;
}

/** After an error it is of no use any more. */
export class ReplyDecoder {
  readonly #onReply: (reply: Reply) => void;
  readonly #skim: (chunk: Buffer, at: number) => number;
  /** The beginning of a line whose end hasn't come yet. */
  #line = '';
  #announced: Announced | undefined;
  /** The announced body with its CRLF, as far as it has come. */
  #body: Buffer = nothing;
  #filled = 0;

  /** @param skim reads a whole reply by itself, or answers `at`. */
  constructor(
    onReply: (reply: Reply) => void,
    skim: (chunk: Buffer, at: number) => number = (_, at) => at,
  ) {
    this.#onReply = onReply;
    this.#skim = skim;
  }

  /** Whether a reply has begun to come and isn't complete. */
  get isInReply(): boolean {
    return this.#line !== '' || this.#announced !== undefined;
  }

  /** The word of the reply whose body is being read. */
  get bodyOf(): BodyWord | undefined {
    return this.#announced?.word;
  }

  /**
   * Bodies of jobs are copied, so that the chunk may be used again, and a small one doesn't keep a large chunk alive;
   * those of statistics may be views of the chunk, to be read at once.
   * @throws ProtocolError, and whatever `onReply` throws.
   */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (!this.isInReply) {
        const next = this.#skim(chunk, at);
        if (next > at) {
          at = next;
          continue;
        }
      }
      at =
        this.#announced === undefined
          ? this.#readLine(chunk, at)
          : this.#readBody(chunk, at, this.#announced);
    }
  }

  /** Where the next unread byte is. */
  #readLine(chunk: Buffer, at: number): number {
    const found = chunk.indexOf(lineFeed, at);
    const end = found === -1 ? chunk.length : found + 1;
    if (this.#line.length + end - at > longestLine) {
      throw new ProtocolError(`a reply line is longer than ${longestLine} bytes`);
    }
    const line = this.#line + chunk.toString('latin1', at, end);
    if (found === -1) {
      this.#line = line;
      return end;
    }
    this.#line = '';
    if (!line.endsWith('\r\n')) {
      throw new ProtocolError(`a reply line doesn't end in CRLF: ${excerpt(line)}`);
    }
    this.#takeLine(line.slice(0, -crlfLength));
    return end;
  }

  #takeLine(line: string): void {
    const blank = line.indexOf(' ');
    const word = blank === -1 ? line : line.slice(0, blank);
    const rest = blank === -1 ? '' : line.slice(blank + 1);
    if (word === 'RESERVED' || word === 'FOUND') {
      const last = rest.lastIndexOf(' ');
      this.#announce(word, rest.slice(0, Math.max(last, 0)), rest.slice(last + 1));
    } else if (word === 'OK') {
      this.#announce(word, '', rest);
    } else {
      this.#onReply({ word, rest, body: undefined });
    }
  }

  #announce(word: BodyWord, rest: string, digits: string): void {
    const length = /^\d{1,10}$/.test(digits) ? Number(digits) : NaN;
    if (!(length <= largestBodies[word])) {
      throw new ProtocolError(`a body can't have the length ${excerpt(digits)}`);
    }
    this.#announced = { word, rest, length };
  }

  #readBody(chunk: Buffer, at: number, { word, rest, length }: Announced): number {
    const whole = length + crlfLength;
    if (this.#filled === 0 && at + whole <= chunk.length) {
      assertEnd(chunk, at + length, length);
      const view = chunk.subarray(at, at + length);
      this.#announced = undefined;
      this.#onReply({ word, rest, body: word === 'OK' ? view : Buffer.from(view) });
      return at + whole;
    }
    const end = Math.min(at + whole - this.#filled, chunk.length);
    this.#makeRoom(this.#filled + end - at, whole);
    chunk.copy(this.#body, this.#filled, at, end);
    this.#filled += end - at;
    if (this.#filled === whole) this.#takeBody(word, rest, length);
    return end;
  }

  /** Grows as the bytes come, because the announced length is only a claim. */
  #makeRoom(needed: number, most: number): void {
    if (needed <= this.#body.length) return;
    const grown = Buffer.allocUnsafe(Math.min(Math.max(needed, 2 * this.#body.length), most));
    this.#body.copy(grown, 0, 0, this.#filled);
    this.#body = grown;
  }

  #takeBody(word: BodyWord, rest: string, length: number): void {
    const body = this.#body;
    assertEnd(body, length, length);
    this.#announced = undefined;
    this.#body = nothing;
    this.#filled = 0;
    this.#onReply({ word, rest, body: body.subarray(0, length) });
  }
}

function assertEnd(bytes: Buffer, at: number, length: number): void {
  if (bytes[at] === carriageReturn && bytes[at + 1] === lineFeed) return;
  throw new ProtocolError(`a body of ${length} bytes isn't followed by CRLF`);
}
