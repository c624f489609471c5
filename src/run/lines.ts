// Bytes that arrive in chunks, cut into lines of text.

import type { Buffer } from 'node:buffer';
import { StringDecoder } from 'node:string_decoder';

/** A line longer than this (UTF-16 units, as many as Docker's logs take) is delivered in pieces. */
export const longestLine = 16 * 1024;

/** Invalid UTF-8 becomes U+FFFD. Keeps no more than `longestLine` between chunks. */
export class LineSplitter {
  readonly #deliver: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  /** @param deliver gets each line without its LF. */
  constructor(deliver: (line: string) => void) {
    this.#deliver = deliver;
  }

  write(chunk: Buffer): void {
    this.#cut(this.#decoder.write(chunk));
  }

  /** Delivers what came after the last LF, if anything did. */
  end(): void {
    this.#cut(this.#decoder.end());
    if (this.#rest !== '') this.#deliver(this.#rest);
    this.#rest = '';
  }

  #cut(text: string): void {
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      this.#extend(text.slice(from, end));
      this.#deliver(this.#rest);
      this.#rest = '';
      from = end + 1;
    }
    this.#extend(text.slice(from));
  }

  #extend(text: string): void {
    this.#rest += text;
    while (this.#rest.length > longestLine) {
      const end = splitsPair(this.#rest, longestLine) ? longestLine - 1 : longestLine;
      this.#deliver(this.#rest.slice(0, end));
      this.#rest = this.#rest.slice(end);
    }
  }
}

/** Whether a cut at `end` would part the two units of one character. */
function splitsPair(text: string, end: number): boolean {
  const before = text.charCodeAt(end - 1);
  return before >= 0xd800 && before <= 0xdbff;
}
