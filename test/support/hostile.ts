// What a hostile, broken or foreign server says instead of the right reply.

import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cut, type Heard, type Script } from './fake-node.ts';

/** The node understood the command and didn't do it: its connection stays open. */
export const refusals = ['OUT_OF_MEMORY', 'INTERNAL_ERROR', 'DRAINING', 'JOB_TOO_BIG'] as const;

const lines = [
  ...['EXPECTED_CRLF', 'BAD_FORMAT', 'UNKNOWN_COMMAND', 'NOT_IGNORED', 'DEADLINE_SOON '],
  ...['INSERTED', 'INSERTED x', 'INSERTED -1', 'INSERTED 1 2', 'INSERTED 18446744073709551616'],
  ...['inserted 1', ' INSERTED 1', 'INSERTED  1', 'INSERTED 1 ', 'INSERTED 0x1'],
  ...['RESERVED', 'RESERVED 1', 'RESERVED x 5', 'RESERVED 1 -1', 'RESERVED 1 1e3'],
  ...['RESERVED 1 1000000000000', 'FOUND 1 1000000000000', 'OK 1000000000000', 'OK -5', 'OK'],
  ...['BURIED x', 'KICKED -1', 'USING', 'WATCHING x', '', ' ', '\u0000'],
  ...['-ERR unknown command', 'HTTP/1.1 400 Bad Request', 'SSH-2.0-OpenSSH_9.2', '\u001b[31mred'],
].map((line) => `${line}\r\n`);

const bytes = [
  ['INSERTED 1 with LF alone', 'INSERTED 1\n'],
  ['a body that is too long', 'OK 2\r\nabc\r\n'],
  ['a body without its end', 'RESERVED 1 2\r\nabXX'],
  ['8-bit control characters', Buffer.from([0x9b, 0x33, 0x31, 0x6d, 0xff, 0x0d, 0x0a])],
  ['a TLS alert', Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46, 0x0d, 0x0a])],
] as const;

export interface Evil {
  readonly name: string;
  /** Answers the command it is meant for. */
  readonly answer: Script;
}

/** A reply that is swallowed shifts the others, and nobody can tell: the protocol numbers none of them. */
export const silence: Evil = { name: 'silence', answer: () => '' };

/** None of them is a right reply to any command. */
export const evils: readonly Evil[] = [
  ...lines.map((line) => ({ name: JSON.stringify(line), answer: () => line })),
  ...bytes.map(([name, answer]) => ({ name, answer: () => answer })),
  { name: 'a reset', answer: () => cut },
  { name: 'a close', answer: closing('') },
  { name: 'a close in the middle of a line', answer: closing('INSER') },
  { name: 'a close in the middle of a body', answer: closing('RESERVED 1 100\r\nabc') },
  silence,
  { name: 'silence in the middle of a line', answer: () => 'INSER' },
  { name: 'silence in the middle of a body', answer: () => 'RESERVED 1 100\r\nabc' },
  { name: 'a line that never ends', answer: pouring('', 'x'.repeat(64 * 1_024)) },
  { name: 'a line byte by byte, for ever', answer: trickling('INSERTED ', '1') },
  { name: 'a body byte by byte, for ever', answer: trickling('RESERVED 1 1000000\r\n', 'x') },
];

function closing(last: string): Script {
  return (_, socket) => {
    socket.end(last);
    return '';
  };
}

/** As fast as it is taken. */
export function pouring(first: string, more: string): Script {
  return (_, socket) => {
    const pour = (): void => {
      while (socket.writable && socket.write(more));
    };
    socket.write(first);
    socket.on('drain', pour);
    pour();
    return '';
  };
}

const betweenBytes = 20;

function trickling(first: string, more: string): Script {
  return (_, socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(more), betweenBytes);
    socket.on('close', () => {
      clearInterval(timer);
    });
    return '';
  };
}

/** Answers one command so, and has nothing to say to others. */
export function onCommand(name: string, answer: Script): Script {
  return (heard, socket) => (heard.name === name ? answer(heard, socket) : undefined);
}

/** The replies of `script`, each in two pieces: the first has so many bytes. */
export function splitting(at: number, script: Script): Script {
  const written = new WeakMap<Socket, Promise<void>>();
  return (heard: Heard, socket: Socket) => {
    const answer = script(heard, socket);
    if (answer === undefined || answer === cut) return answer;
    socket.setNoDelay(true);
    const before = written.get(socket) ?? Promise.resolve();
    written.set(
      socket,
      before.then(() => writeInTwo(socket, Buffer.from(answer as string, 'latin1'), at)),
    );
    return '';
  };
}

/** The second piece is a segment of its own, and arrives in a later turn of the reader's event loop. */
async function writeInTwo(socket: Socket, whole: Buffer, at: number): Promise<void> {
  for (const piece of [whole.subarray(0, at), whole.subarray(at)]) {
    if (piece.length > 0 && socket.writable) socket.write(piece);
    await nextTurn();
    await nextTurn();
  }
}
