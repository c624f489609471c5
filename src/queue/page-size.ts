// How many replicas the next page of a scan holds: many of the small ones, few of the large ones.

import type { Buffer } from 'node:buffer';

/** Before anything is known of the sizes. */
export const firstPageSize = 16;

const largestPageSize = 512;

/** About so many bytes of envelopes make a page. */
const pageBytes = 512 * 1024;

/** @param last the page before, of that size. */
export function nextPageSize(size: number, last: readonly { readonly envelope: Buffer }[]): number {
  const bytes = last.reduce((sum, { envelope }) => sum + envelope.length, 0);
  if (bytes > pageBytes) return Math.max(1, size >> 1);
  return bytes * 2 > pageBytes ? size : Math.min(size * 2, largestPageSize);
}
