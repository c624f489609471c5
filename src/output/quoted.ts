// A word as a shell of the Bourne family reads it back, whatever it holds.

export function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
