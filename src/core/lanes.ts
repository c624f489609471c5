// Lanes: works through a list, so much of it at a time.

/**
 * Resolves when everything is done; after the first failure nothing more is begun, and it rejects with that.
 * @param lanes how many are done at a time.
 * @param signal nothing more is begun after it aborts.
 */
export async function inLanes<Item>(
  items: Iterable<Item>,
  lanes: number,
  act: (item: Item) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) {
      await act(next.value).catch((error: unknown) => {
        failed = true;
        throw error;
      });
      if (failed || signal.aborted) return;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
