// Commands to bytes: all that one tick wrote in one buffer, so that one system call sends it.

import { Buffer } from 'node:buffer';
import type { Command } from './command.ts';

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const crlfLength = 2;

export function encode(commands: readonly Command<unknown>[]): Buffer {
  const bytes = Buffer.allocUnsafe(
    commands.reduce((size, { line, body }) => {
      const bodySize = body === undefined ? 0 : body.length + crlfLength;
      return size + line.length + crlfLength + bodySize;
    }, 0),
  );
  let at = 0;
  for (const { line, body } of commands) {
    at += bytes.write(line, at, 'latin1');
    at = endLine(bytes, at);
    if (body === undefined) continue;
    at += body.copy(bytes, at);
    at = endLine(bytes, at);
  }
  return bytes;
}

function endLine(bytes: Buffer, at: number): number {
  bytes[at] = carriageReturn;
  bytes[at + 1] = lineFeed;
  return at + crlfLength;
}
