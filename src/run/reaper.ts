// Waits for the ends of processes that Node doesn't know.

import os from 'node:os';
import { longestTimer } from '../core/clock.ts';
import type { Exit } from './child.ts';

/** waitpid(2): the process that has ended, or 0, and its wait status. */
export type Waitpid = (pid: number, status: [number], options: number) => number;

/** sys/wait.h: WNOHANG. */
const noHang = 1;

export class Reaper {
  readonly #waitpid: Waitpid;
  readonly #exits = new Map<number, (exit: Exit) => void>();
  /** A listener for signals doesn't keep this process running. */
  readonly #running = setInterval(() => undefined, longestTimer).unref();

  constructor(waitpid: Waitpid) {
    this.#waitpid = waitpid;
    process.on('SIGCHLD', this.#reap);
  }

  /** It may have ended already. */
  exitOf(pid: number): Promise<Exit> {
    this.#running.ref();
    return new Promise((resolve) => {
      this.#exits.set(pid, resolve);
      this.#look(pid, resolve);
    });
  }

  /** One signal may stand for the ends of several, Node's own among them, which it waits for itself. */
  readonly #reap = (): void => {
    for (const [pid, resolve] of this.#exits) this.#look(pid, resolve);
  };

  #look(pid: number, resolve: (exit: Exit) => void): void {
    const status: [number] = [0];
    if (this.#waitpid(pid, status, noHang) !== pid) return;
    this.#exits.delete(pid);
    if (this.#exits.size === 0) this.#running.unref();
    resolve(exitOf(status[0]));
  }
}

/** The wait status of Linux: the signal in its lowest 7 bits, or 0 and the exit code in the next byte. */
function exitOf(status: number): Exit {
  const signal = status & 0x7f;
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: null };
  return { code: null, signal: nameOf(signal) ?? `signal ${signal}` };
}

/** Real-time signals have none. */
function nameOf(signal: number): string | undefined {
  return Object.entries(os.constants.signals).find(([, number]) => number === signal)?.[0];
}
