// The words of a schedule, and where they are.

export interface Word {
  readonly text: string;
  /** Its place in the text, from 0. */
  readonly at: number;
}

/** Up to `most` words from `at` on. */
export function takeWords(text: string, at: number, most: number): Word[] {
  const words: Word[] = [];
  for (const { 0: word, index } of text.slice(at).matchAll(/[^ \t]+/g)) {
    if (words.length === most) break;
    words.push({ text: word, at: at + index });
  }
  return words;
}

/** Whether they begin with a nickname such as `@daily`, which stands for all fields. */
export function isNickname([first]: readonly Word[]): boolean {
  return first?.text.startsWith('@') ?? false;
}

/** The schedule as it identifies an entry: however many blanks there were, they are one. */
export function joinWords(words: readonly Word[]): string {
  return words.map(({ text }) => text).join(' ');
}
