// Sockets that are being opened: all of them can be given up, and whatever is opened later with them.
//
// An AbortSignal would do; a short `dq put` is spared the half millisecond in which Node makes its first one.

import type { Socket } from 'node:net';

export class Opening {
  readonly #sockets = new Set<Socket>();
  #end: Error | undefined;

  /** Destroys it at once if they have been given up. */
  add(socket: Socket): void {
    this.#sockets.add(socket);
    if (this.#end !== undefined) socket.destroy(this.#end);
  }

  /** It is open, or failed. */
  delete(socket: Socket): void {
    this.#sockets.delete(socket);
  }

  /** @param reason what each of them fails with. */
  giveUp(reason: Error): void {
    this.#end = reason;
    for (const socket of this.#sockets) socket.destroy(reason);
  }
}
