// Abort signals that many may listen to at once: one listener for each job is no leak.

import { setMaxListeners } from 'node:events';

export function newController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** Asked through a function, because it changes while somebody waits. */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Resolves when the signal aborts, at once if it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else {
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
    }
  });
}

/**
 * Has `controller` abort with `signal`; returns what ends that. AbortSignal.any leaves a kilobyte behind each time
 * at a signal that lives on.
 */
export function abortWith(signal: AbortSignal, controller: AbortController): () => void {
  const abort = (): void => {
    controller.abort();
  };
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  return () => {
    signal.removeEventListener('abort', abort);
  };
}
