// Puts that go to several nodes together: for all that are beanstalkds they are encoded once.

import type { Buffer } from 'node:buffer';
import type { Batch } from '../beanstalk/command.ts';
import { assertJobOptions, putBatch, type PutOutcome } from '../beanstalk/job-commands.ts';

export interface PutOptions {
  /** Whole seconds until a worker may see it, 0 to 2^32 − 1. */
  readonly delay: number;
  /** 0 (most urgent) to 2^32 − 1. */
  readonly priority: number;
  /** Whole seconds a reservation lasts without a touch, 1 to 2^32 − 1. */
  readonly ttr: number;
}

export interface Put {
  readonly envelope: Buffer;
  readonly options: PutOptions;
}

/** One that is wrong must not be found among others, when they may be written already. @throws RangeError */
export const assertPutOptions: (options: PutOptions) => void = assertJobOptions;

export class Puts {
  readonly all: readonly Put[];
  #encoded: Batch<PutOutcome> | undefined;

  constructor(all: readonly Put[]) {
    this.all = all;
  }

  /** Itself, when all are wanted. */
  only(isWanted: (put: Put, at: number) => boolean): Puts {
    const wanted = this.all.filter(isWanted);
    return wanted.length === this.all.length ? this : new Puts(wanted);
  }

  /** As commands for a beanstalkd. */
  get encoded(): Batch<PutOutcome> {
    this.#encoded ??= putBatch(this.all);
    return this.#encoded;
  }
}
