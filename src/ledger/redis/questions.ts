// Gathers what one tick asks of one script, so that Redis is asked once for all of it.

/** The text of a number is what Redis gets. */
export type Word = string | number;

export type SoundReply = string | number | null;
/** What a script answers for one key; an Error: something is wrong with that one. */
export type Reply = SoundReply | Error;

/** @param words as many for each key, one key after the other. */
type Ask = (keys: readonly string[], words: readonly Word[]) => Promise<readonly Reply[]>;

interface Waiting {
  /** Takes the reply, or throws. */
  readonly take: (reply: Reply) => void;
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

  /**
   * @param words always as many.
   * @returns what `read` makes of the reply. Rejects with what it throws, or with what asking rejects with.
   */
  put<Answer>(
    key: string,
    words: readonly Word[],
    read: (reply: Reply) => Answer,
  ): Promise<Answer> {
    if (this.#keys.length === 0) process.nextTick(this.#send);
    this.#keys.push(key);
    for (const word of words) this.#words.push(word);
    return new Promise((resolve, reject) => {
      const take = (reply: Reply): void => {
        resolve(read(reply));
      };
      this.#waiting.push({ take, reject });
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
        waiting.forEach((each, at) => {
          answer(each, replies[at] ?? null);
        });
      },
      (error: unknown) => {
        for (const { reject } of waiting) reject(error);
      },
    );
  };
}

function answer({ take, reject }: Waiting, reply: Reply): void {
  try {
    take(reply);
  } catch (error) {
    reject(error);
  }
}
