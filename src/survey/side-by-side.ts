// Reads the scans of all nodes side by side, a page of each at a time; a node that fails is left out.

import { DqError, NodeError, reasonsOf } from '../core/errors.ts';
import type { QueueNode, ScannedReplica, ScanPage } from '../queue/node.ts';

/** The next page of each node. */
export interface Round {
  readonly found: readonly FoundPage[];
  /** How many nodes have answered up to now. */
  readonly answering: number;
}

export interface FoundPage {
  readonly node: QueueNode;
  readonly replicas: readonly ScannedReplica[];
}

export interface Reports {
  /** Told once for each node that can't be read, or not to its end. */
  readonly onTrouble: (trouble: NodeError) => void;
  /** How much is read, 0 to 1. */
  readonly onProgress?: ((progress: number) => void) | undefined;
}

interface Reader {
  readonly node: QueueNode;
  readonly pages: AsyncIterator<ScanPage>;
  progress: number;
  isDone: boolean;
}

/** @throws DqError (unavailable) when no node can be read to its end. */
export async function* readSideBySide(
  nodes: readonly QueueNode[],
  { onTrouble, onProgress }: Reports,
): AsyncGenerator<Round> {
  const readers = nodes.map(readerOf);
  const errors: NodeError[] = [];
  try {
    while (readers.some(({ isDone }) => !isDone)) {
      const read = await Promise.all(readers.map(readPage));
      const failures = read.flatMap((page) => (page instanceof NodeError ? [page] : []));
      errors.push(...failures);
      if (errors.length === nodes.length) throw noneAnswers(errors);
      failures.forEach(onTrouble);
      onProgress?.(readers.reduce((sum, { progress }) => sum + progress, 0) / readers.length);
      const found = read.flatMap((page, at) => foundOn(nodes[at], page));
      yield { found, answering: nodes.length - errors.length };
    }
  } finally {
    for (const { pages } of readers) await pages.return?.();
  }
}

function readerOf(node: QueueNode): Reader {
  const pages = node.scan()[Symbol.asyncIterator]();
  return { node, pages, progress: 0, isDone: false };
}

async function readPage(reader: Reader): Promise<ScanPage | NodeError | undefined> {
  if (reader.isDone) return undefined;
  try {
    const next = await reader.pages.next();
    reader.isDone = next.done === true;
    reader.progress = next.done === true ? 1 : next.value.progress;
    return next.done === true ? undefined : next.value;
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    reader.isDone = true;
    reader.progress = 1;
    return error;
  }
}

function foundOn(node: QueueNode | undefined, page: ScanPage | NodeError | undefined): FoundPage[] {
  if (node === undefined || page === undefined || page instanceof NodeError) return [];
  return [{ node, replicas: page.replicas }];
}

export function noneAnswers(errors: readonly NodeError[]): DqError {
  const [first] = errors;
  const reasons = reasonsOf(errors);
  if (errors.length > 1 || first === undefined) {
    return new DqError('unavailable', `no node answers (${reasons})`, { hint: 'see dq doctor' });
  }
  const { node, hint = 'see dq doctor' } = first;
  return new DqError('unavailable', reasons, { node, hint, cause: first });
}
