// Gathers what one tick asks of one script, so that Redis is asked once for all of it.

/** The text of a number is what Redis gets. */
export type Word = string | number;

export type SoundReply = string | number | null;
/** What a script answers for one key; an Error: something is wrong with that one. */
export type Reply = SoundReply | Error;

/** @param words as many for each key, one key after the other. */
type Ask = (keys: readonly string[], words: readonly Word[]) => Promise<readonly Reply[]>;

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/** So many keys take Redis about a millisecond, in which it does nothing else. */
export const mostAtOnce = 256;

export class Questions {
  readonly #ask: Ask;
  #keys: string[] = [];
  #words: Word[] = [];
  #waiting: Waiting[] = [];

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** @param words always as many. Rejects with what asking rejects with. */
  put(key: string, words: readonly Word[]): Promise<Reply> {
    if (this.#keys.length === 0) process.nextTick(this.#send);
    this.#keys.push(key);
    this.#words.push(...words);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#waiting.length === mostAtOnce) this.#send();
    });
  }

  readonly #send = (): void => {
    if (this.#keys.length === 0) return;
    const waiting = this.#waiting;
    const asked = this.#ask(this.#keys, this.#words);
    this.#keys = [];
    this.#words = [];
    this.#waiting = [];
    asked.then(
      (replies) => {
        waiting.forEach(({ resolve }, at) => {
          resolve(replies[at] ?? null);
        });
      },
      (error: unknown) => {
        for (const { reject } of waiting) reject(error);
      },
    );
  };
}
