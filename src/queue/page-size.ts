// How many replicas the next page of a scan holds: many of the small ones, few of the large ones.

/** Before anything is known of the sizes. */
export const firstPageSize = 16;

/** Large ones may follow small ones: three pages of 64 KiB a job are on their way from a node at most. */
const largestPageSize = 1_024;

/** About so many bytes of envelopes make a page. */
const pageBytes = 512 * 1024;

/** @param bytes what the envelopes of the page before, of that size, were. */
export function nextPageSize(size: number, bytes: number): number {
  if (bytes > pageBytes) return Math.max(1, size >> 1);
  return bytes * 2 > pageBytes ? size : Math.min(size * 2, largestPageSize);
}
