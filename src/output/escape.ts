// Text that a stranger wrote, made safe to show: a control character can't move the cursor or end a line.

const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

const named = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\u001b', '\\e'],
]);

export function escapeControl(text: string): string {
  return text.replaceAll(control, (character) => named.get(character) ?? numbered(character));
}

/** JSON leaves some of them as they are; escaped, they mean the same to whoever parses it. */
export function jsonText(value: object): string {
  return JSON.stringify(value).replaceAll(control, numbered);
}

function numbered(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
