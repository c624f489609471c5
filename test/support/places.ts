// Every kind of cluster, for the tests of what must be the same on all of them.

import { join } from 'node:path';
import { openEmbedded, type Embedded } from '../../src/embedded/embedded.ts';
import { clusterOf } from './cluster.ts';
import { Place } from './place.ts';
import type { Counts } from './raw-node.ts';
import { temporaryFolder } from './servers.ts';

/** Some payloads are long. */
const longJobs = ['-z', '200000'];

/** @param config more lines of the configuration file. */
type OpenPlace = (config?: string) => Promise<Place>;

export const places: readonly (readonly [string, OpenPlace])[] = [
  ['two nodes', (config = '') => clusterOf(2, { config, words: longJobs })],
  ['the embedded queue', (config) => Promise.resolve(embeddedPlace(config))],
];

export class EmbeddedPlace extends Place {
  /** Where the queue file lies. */
  readonly state: string;

  constructor(folder: string, config: string) {
    const state = join(folder, 'state');
    super(folder, config, 1, { STATE_DIRECTORY: state });
    this.state = state;
  }

  counts(tube: string): Promise<Counts[]> {
    return this.#opened(async (embedded) => {
      const { ready, delayed, reserved, buried } = await embedded.node(tube).counts();
      return [{ ready, delayed, reserved, buried }];
    });
  }

  envelopes(receipt: string): Promise<(Buffer | undefined)[]> {
    const [, tube, id] = /^embedded\/(.*)\/(\d+)$/.exec(receipt.trim()) ?? [];
    if (tube === undefined || id === undefined) throw new Error(`no receipt: ${receipt}`);
    return this.#opened(async (embedded) => [await embedded.node(tube).peek(BigInt(id))]);
  }

  async #opened<Answer>(use: (embedded: Embedded) => Promise<Answer>): Promise<Answer> {
    const embedded = await openEmbedded({ folder: this.state });
    try {
      return await use(embedded);
    } finally {
      embedded.close();
    }
  }
}

export function embeddedPlace(config = ''): EmbeddedPlace {
  return new EmbeddedPlace(temporaryFolder(), `nodes: embedded\n${config}`);
}
