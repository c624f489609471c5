// Reads what is expected straight from the bytes of a reply, and says no to anything else: the decoder reads that.

import { Buffer } from 'node:buffer';

const zero = 0x30;
const nine = 0x39;
const minus = 0x2d;
const crlf = '\r\n';

/** So many digits are a number without loss. */
const mostDigits = 15;

export class Skimmer {
  #bytes: Buffer = Buffer.allocUnsafe(0);
  #at = 0;
  /** Where the body ends. */
  #end = 0;

  begin(bytes: Buffer, at: number): void {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Where the next reply begins. */
  get next(): number {
    return this.#end + crlf.length;
  }

  /** Whether these characters (ASCII) are next: then it is past them. */
  skip(text: string): boolean {
    const bytes = this.#bytes;
    const from = this.#at;
    for (let at = 0; at < text.length; at++) {
      if (bytes[from + at] !== text.charCodeAt(at)) return false;
    }
    this.#at = from + text.length;
    return true;
  }

  /** Whether this (ASCII) is next and all of the line, without its CRLF: then it is all of the reply. */
  isLine(text: string): boolean {
    if (!this.skip(text)) return false;
    this.#end = this.#at;
    return this.skip(crlf);
  }

  /** The whole number that is next, after these characters; NaN: none is. */
  numberAfter(text: string): number {
    if (!this.skip(text)) return NaN;
    const bytes = this.#bytes;
    const isNegative = bytes[this.#at] === minus;
    const from = isNegative ? this.#at + 1 : this.#at;
    let at = from;
    let number = 0;
    for (let digit = bytes[at]; isDigit(digit); digit = bytes[++at])
      number = number * 10 + digit - zero;
    this.#at = at;
    if (at === from || at - from > mostDigits) return NaN;
    if (bytes[from] === zero && (isNegative || at - from > 1)) return NaN;
    return isNegative ? -number : number;
  }

  /** Whether the length of a body is next, and all of it, with its CRLF, is there: then it is at its beginning. */
  opensBody(): boolean {
    const length = this.numberAfter('');
    if (!(length >= 0) || !this.skip(crlf)) return false;
    const from = this.#at;
    this.#at = from + length;
    this.#end = this.#at;
    if (!this.skip(crlf)) return false;
    this.#at = from;
    return true;
  }

  /** Whether it hasn't read beyond the body. */
  get isInBody(): boolean {
    return this.#at <= this.#end;
  }

  /** Whether what is left of the body are these bytes. */
  isLeft(bytes: Uint8Array): boolean {
    if (this.#end - this.#at !== bytes.length) return false;
    return this.#bytes.compare(bytes, 0, bytes.length, this.#at, this.#end) === 0;
  }

  /** What is left of the body, each byte as the character of its number. */
  text(): string {
    return this.#bytes.toString('latin1', this.#at, this.#end);
  }

  /** A copy of what is left of the body. */
  body(): Buffer {
    const copy = Buffer.allocUnsafe(this.#end - this.#at);
    this.#bytes.copy(copy, 0, this.#at, this.#end);
    return copy;
  }
}

function isDigit(byte: number | undefined): byte is number {
  return byte !== undefined && byte >= zero && byte <= nine;
}
