// The commands on tubes and on the connection: use, watch, ignore, the lists, pause-tube and quit.

import { isTubeName } from '../core/receipt.ts';
import { countIn, isWord, tubeName, u32, yesBy } from './command.ts';
import type { Command } from './command.ts';
import { ProtocolError, excerpt, unexpected } from './reply.ts';
import type { Reply } from './reply.ts';
import { readList } from './stats.ts';

/** The tube that puts go to, and that peeks and kicks look at. @throws RangeError */
export function use(tube: string): Command<string> {
  const read = (reply: Reply): string => {
    const used = readUsing(reply);
    if (used !== tube) {
      throw new ProtocolError(`asked to use ${excerpt(tube)}, uses ${excerpt(used)}`);
    }
    return used;
  };
  return { line: `use ${tubeName(tube)}`, read };
}

/** How many tubes are on the watch list now. @throws RangeError */
export function watch(tube: string): Command<number> {
  return { line: `watch ${tubeName(tube)}`, read: readWatching };
}

/** How many tubes are left on the watch list; undefined: not done, it is the only one. @throws RangeError */
export function ignore(tube: string): Command<number | undefined> {
  const read = (reply: Reply): number | undefined =>
    isWord(reply, 'NOT_IGNORED') ? undefined : readWatching(reply);
  return { line: `ignore ${tubeName(tube)}`, read };
}

export function listTubes(): Command<string[]> {
  return { line: 'list-tubes', bodyAfter: 'OK', read: readTubes };
}

export function listTubeUsed(): Command<string> {
  return { line: 'list-tube-used', read: readUsing };
}

export function listTubesWatched(): Command<string[]> {
  return { line: 'list-tubes-watched', bodyAfter: 'OK', read: readTubes };
}

/** No job of it can be reserved for so many seconds; false: no such tube. @throws RangeError */
export function pauseTube(tube: string, seconds: number): Command<boolean> {
  return { line: `pause-tube ${tubeName(tube)} ${u32('delay', seconds)}`, read: readPause };
}

const readPause = yesBy('PAUSED');

/** The server answers by closing the connection. */
export function quit(): Command<never> {
  const read = (reply: Reply): never => {
    throw unexpected(reply);
  };
  return { line: 'quit', read };
}

/** What comes back as the name of a tube goes out in commands again. */
function readTubes(reply: Reply): string[] {
  const names = readList(reply);
  const wrong = names.find((name) => !isTubeName(name));
  if (wrong !== undefined) throw new ProtocolError(`not the name of a tube: ${excerpt(wrong)}`);
  return names;
}

function readUsing(reply: Reply): string {
  if (reply.word !== 'USING') throw unexpected(reply);
  return reply.rest;
}

function readWatching(reply: Reply): number {
  if (reply.word !== 'WATCHING') throw unexpected(reply);
  return countIn(reply.rest);
}
