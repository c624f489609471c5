// Wakes the processes that wait for a replica: a file that is touched, and watched.

import { closeSync, openSync, utimesSync, watch, type FSWatcher } from 'node:fs';

export interface Bell {
  ring(): void;
  /**
   * Must be called before looking for what the bell announces: rings from now on are heard.
   * @returns false when this machine has no watch to spare: look more often instead.
   */
  attend(): boolean;
  /** @returns what ends it. */
  listen(listener: () => void): () => void;
  close(): void;
}

export class FileBell implements Bell {
  readonly #path: string;
  readonly #listeners = new Set<() => void>();
  #watcher: FSWatcher | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  ring(): void {
    const now = new Date();
    try {
      utimesSync(this.#path, now, now);
    } catch {
      // Who listens has made the file, and who doesn't hear the bell looks by himself a little later.
    }
  }

  attend(): boolean {
    if (this.#watcher !== undefined) return true;
    try {
      closeSync(openSync(this.#path, 'a', 0o600));
      this.#watcher = watch(this.#path, { persistent: false }, (event) => {
        if (event === 'rename') this.#leave();
        for (const listener of this.#listeners) listener();
      });
      this.#watcher.on('error', () => {
        this.#leave();
      });
      return true;
    } catch {
      return false;
    }
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): void {
    this.#leave();
  }

  /** The file was removed, or the watch failed: the next one to attend begins anew. */
  #leave(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
