// Payloads as people and programs read them: whatever their bytes are, they do no harm to a terminal.

import { isUtf8, type Buffer } from 'node:buffer';
import { escapeControl } from './escape.ts';

/** Whole, with its lines; bytes that are no UTF-8 are shown as `\xff`. */
export function payloadText(payload: Buffer): string {
  if (!isUtf8(payload)) return bytesText(payload, /[^\x20-\x7e\n\t]/g);
  return payload.toString('utf8').replaceAll(/[^\n\t]+/g, escapeControl);
}

/** At most so many characters, on one line; `…` says that there is more. */
export function payloadStart(payload: Buffer, most: number): string {
  const cut = payload.length > utf8Longest * most;
  const head = cut ? payload.subarray(0, utf8Longest * most) : payload;
  const text = isWholeUtf8(head, cut) ? escapeControl(head.toString('utf8')) : bytesText(head);
  if (!cut && text.length <= most) return text;
  const characters = Array.from(text);
  if (!cut && characters.length <= most) return text;
  return `${characters.slice(0, Math.max(most - 1, 0)).join('')}…`;
}

/** For programs: the text, or else the bytes in base64. */
export function payloadJson(payload: Buffer): { payload: string } | { payloadBase64: string } {
  if (isUtf8(payload)) return { payload: payload.toString('utf8') };
  return { payloadBase64: payload.toString('base64') };
}

/** Bytes that one character takes at most. */
const utf8Longest = 4;

/** The last character may be cut off. */
function isWholeUtf8(head: Buffer, cut: boolean): boolean {
  if (isUtf8(head)) return true;
  if (!cut) return false;
  return [1, 2, 3].some((left) => isUtf8(head.subarray(0, -left)));
}

function bytesText(bytes: Buffer, hidden = /[^\x20-\x7e]/g): string {
  return bytes.toString('latin1').replaceAll(hidden, (byte) => {
    return `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
