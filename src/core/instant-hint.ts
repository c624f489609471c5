// What was probably meant by a text that is no instant, in words that are one.

const dayAlone = /^(?:today|tomorrow|(?:sun|mon|tues|wednes|thurs|fri|satur)day)$/;
const twelveHours = /\b(?<hour>1[0-2]|0?[1-9])(?::(?<minute>[0-5]\d))? ?(?<half>[ap])\.?m\b\.?/;
/** Not a year. */
const digitsAlone = /^(?!20\d\d$)(?<hour>[01]?\d|2[0-3])(?:h?(?<minute>[0-5]\d))?$/;

/** @param isInstant whether these words are one. */
export function hintFor(text: string, isInstant: (words: string) => boolean): string {
  const words = text.toLowerCase().replaceAll(/\s+/g, ' ');
  const meant = guesses(words).find((guess) => guess !== words && isInstant(guess));
  if (meant !== undefined) return `did you mean ${meant.includes(' ') ? `'${meant}'` : meant}?`;
  return "such as 2027-01-01T09:00, 17:30, +90s, @1798761600, 'tomorrow 09:00' or 'now + 3 days'";
}

function guesses(words: string): string[] {
  return [
    words.replace(/^\d{9,10}$/, '@$&'),
    words.replace(/^\d+(?:ms|[smhdw])(?:\d+(?:ms|[smhdw]))*$/, '+$&'),
    words.replace(twelveHours, (_, hour: string, minute: string | undefined, half: string) =>
      clock((Number(hour) % 12) + (half === 'p' ? 12 : 0), minute),
    ),
    words.replace(digitsAlone, (_, hour: string, minute: string | undefined) =>
      clock(Number(hour), minute),
    ),
    words.replace(dayAlone, '$& 09:00'),
    words.replace(/^in (?=\d)/, 'now + '),
  ];
}

function clock(hour: number, minute = '00'): string {
  return `${String(hour).padStart(2, '0')}:${minute}`;
}
