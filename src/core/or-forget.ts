// A promise that is kept for all who need it, unless it fails.

/** The next one who needs it tries again: the disk, or the memory, may be full for a while. */
export function orForget<Part>(promise: Promise<Part>, forget: () => void): Promise<Part> {
  promise.catch(forget);
  return promise;
}
