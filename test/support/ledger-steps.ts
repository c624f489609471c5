// Random stories of a job for a ledger: several workers, each step after some time.

import fc from 'fast-check';
import type { Claim, Death, GiveBack, JobRef, Ledger, Terms } from '../../src/ledger/ledger.ts';

type Deed =
  | { readonly kind: 'claim'; readonly maxDeaths: number; readonly age?: number }
  | { readonly kind: 'renew' | 'kick' | 'look' }
  | { readonly kind: 'done'; readonly exitCode: number }
  | { readonly kind: 'retry'; readonly delayMs: number }
  | ({ readonly kind: 'dead' } & Death)
  | ({ readonly kind: 'giveBack' } & GiveBack)
  | { readonly kind: 'revoke'; readonly final: boolean };

export interface Step {
  readonly afterMs: number;
  readonly token: string;
  readonly deed: Deed;
}

const kind = <Kind extends Deed['kind']>(name: Kind): fc.Arbitrary<Kind> => fc.constant(name);
const delayMs = fc.integer({ min: 0, max: 15_000 });

const deeds: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record(
      {
        kind: kind('claim'),
        maxDeaths: fc.constantFrom(1, 2, 5),
        age: fc.integer({ min: 0, max: 40 }),
      },
      { requiredKeys: ['kind', 'maxDeaths'] },
    ),
  },
  { weight: 3, arbitrary: fc.record({ kind: kind('renew') }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('retry'), delayMs }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('giveBack'), started: fc.boolean(), delayMs }) },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        kind: kind('dead'),
        reason: fc.constantFrom('failed', 'rejected'),
        exitCode: fc.integer({ min: 1, max: 255 }),
      },
      { requiredKeys: ['kind', 'reason'] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: kind('done'), exitCode: fc.integer({ min: 0, max: 255 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind('revoke'), final: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('kick') }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('look') }) },
);

/** Times around the edges of these terms, and any in between. */
function passing({ lease, suspicion }: Terms): fc.Arbitrary<number> {
  const edges = [0, 1, 1_000, suspicion - 1, suspicion, lease - 1, lease, lease + 1];
  return fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 0, max: 2 * lease }));
}

export function stories(terms: Terms, maxLength: number): fc.Arbitrary<Step[]> {
  const step = fc.record({
    afterMs: passing(terms),
    token: fc.constantFrom('a', 'b', '1e5'),
    deed: deeds,
  });
  return fc.array(step, { minLength: 1, maxLength });
}

/** Workers that speak to one ledger about one job, and remember what they were granted. */
export class Workers {
  readonly #ledger: Ledger;
  readonly #job: JobRef;
  readonly #claims = new Map<string, Claim>();

  constructor(ledger: Ledger, job: JobRef) {
    this.#ledger = ledger;
    this.#job = job;
  }

  /** What it was granted last; before that, what a worker may say whose claim the ledger has lost. */
  claimOf(token: string): Claim {
    return this.#claims.get(token) ?? { token, attempt: 7, failures: 2, deaths: 1 };
  }

  async perform({ token, deed }: Step): Promise<unknown> {
    const claim = this.claimOf(token);
    switch (deed.kind) {
      case 'claim': {
        const answer = await this.#ledger.claim(this.#job, { ...deed, token });
        if (answer.kind === 'granted') this.#claims.set(token, answer.claim);
        return answer;
      }
      case 'renew':
        return this.#ledger.renew(this.#job, claim);
      case 'done':
        return this.#ledger.done(this.#job, claim, deed.exitCode);
      case 'retry':
        return this.#ledger.retry(this.#job, claim, deed.delayMs);
      case 'dead':
        return this.#ledger.dead(this.#job, claim, deed);
      case 'giveBack':
        return this.#ledger.giveBack(this.#job, claim, deed);
      case 'revoke':
        return this.#ledger.revoke(this.#job, deed.final);
      case 'kick':
        return this.#ledger.kick(this.#job);
      case 'look':
        return this.#ledger.look(this.#job);
    }
  }
}
