// Commands to bytes: all that one tick wrote in one buffer, so that one system call sends it.

import { Buffer } from 'node:buffer';
import type { Command } from './command.ts';

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const crlfLength = 2;

/** What is encoded already isn't copied, if it is alone. */
export function encode(commands: readonly Command<unknown>[]): Buffer {
  const [only] = commands;
  if (commands.length === 1 && only?.encoded !== undefined) return only.encoded;
  const bytes = Buffer.allocUnsafe(commands.reduce((size, command) => size + sizeOf(command), 0));
  let at = 0;
  for (const { line, body, encoded } of commands) {
    if (encoded !== undefined) {
      bytes.set(encoded, at);
      at += encoded.length;
      continue;
    }
    at += bytes.write(line, at, 'latin1');
    at = endLine(bytes, at);
    if (body === undefined) continue;
    bytes.set(body, at);
    at = endLine(bytes, at + body.length);
  }
  return bytes;
}

function sizeOf({ line, body, encoded }: Command<unknown>): number {
  if (encoded !== undefined) return encoded.length;
  return line.length + crlfLength + (body === undefined ? 0 : body.length + crlfLength);
}

function endLine(bytes: Buffer, at: number): number {
  bytes[at] = carriageReturn;
  bytes[at + 1] = lineFeed;
  return at + crlfLength;
}
