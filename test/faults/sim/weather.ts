// The weather of a seed: which faults there are, how often, and what becomes of each single request.

import type { Host } from './channel.ts';
import type { Random } from './random.ts';
import type { Process } from './process.ts';
import type { Place, World } from './world.ts';

/** Odds are those of one request or reservation; gaps are the mean ms between two disasters of the kind. */
export interface Climate {
  readonly lostBefore: number;
  readonly lostAfter: number;
  readonly slow: number;
  readonly killed: number;
  readonly frozen: number;
  readonly forgottenTtr: number;
  readonly machineDies: number;
  /** Left out: it never comes. */
  readonly gaps: Readonly<Partial<Record<Disaster, number>>>;
}

export type Disaster =
  | 'kill'
  | 'freeze'
  | 'retire'
  | 'node-restart'
  | 'node-hang'
  | 'node-full'
  | 'node-drain'
  | 'path'
  | 'ledger-restart'
  | 'ledger-hang'
  | 'ledger-forget'
  | 'disk-full'
  | 'power-failure'
  | 'clock-step';

const ofClusters: readonly Disaster[] = [
  ...(['kill', 'freeze', 'retire', 'node-restart', 'node-hang', 'node-full'] as const),
  ...(['node-drain', 'path', 'ledger-restart', 'ledger-hang', 'ledger-forget'] as const),
  'clock-step',
];
const ofMachines: readonly Disaster[] = [
  ...(['kill', 'freeze', 'retire', 'disk-full', 'power-failure', 'clock-step'] as const),
];

export function disastersOf(place: Place): readonly Disaster[] {
  return place === 'cluster' ? ofClusters : ofMachines;
}

export const calm: Climate = {
  ...{ lostBefore: 0, lostAfter: 0, slow: 0, killed: 0, frozen: 0 },
  ...{ forgottenTtr: 0, machineDies: 0 },
  gaps: {},
};

export function climateOf(random: Random, disasters: readonly Disaster[]): Climate {
  if (random.chance(0.08)) return calm;
  const some = (odds: number, least: number, most: number): number =>
    random.chance(odds) ? random.spread(least, most) : 0;
  const gaps = disasters.map((kind) => {
    const rare = kind === 'ledger-forget' || kind === 'node-full' || kind === 'node-drain';
    return [kind, random.chance(rare ? 0.12 : 0.35) ? random.spread(8_000, 60_000) : Infinity];
  });
  return {
    lostBefore: some(0.5, 0.001, 0.05),
    lostAfter: some(0.5, 0.001, 0.05),
    slow: some(0.4, 0.002, 0.05),
    killed: some(0.3, 0.0005, 0.01),
    frozen: some(0.3, 0.0005, 0.01),
    forgottenTtr: some(0.5, 0.1, 0.6),
    machineDies: some(0.3, 0.1, 0.5),
    gaps: Object.fromEntries(gaps) as Climate['gaps'],
  };
}

/** Before or after the request took effect. */
export type Fate =
  'fine' | 'reply lost before' | 'reply lost after' | 'killed before' | 'killed after';

export class Weather {
  readonly climate: Climate;
  readonly #world: World;
  readonly #random: Random;
  #stormy = true;
  #delay = 0;

  constructor(world: World, climate: Climate, random: Random) {
    this.#world = world;
    this.climate = climate;
    this.#random = random;
  }

  get stormy(): boolean {
    return this.#stormy;
  }

  clear(): void {
    this.#stormy = false;
  }

  fateOf({ process, host }: { process: Process; host: Host }, what: string): Fate {
    if (!this.#stormy) return 'fine';
    const { lostBefore, lostAfter, slow, killed, frozen } = this.climate;
    const fate = this.#roll<Fate | 'reply late' | 'frozen'>([
      ['reply lost before', lostBefore],
      ['reply lost after', lostAfter],
      ['reply late', slow],
      ['killed before', killed],
      ['killed after', killed],
      ['frozen', frozen],
    ]);
    if (fate === undefined) return 'fine';
    this.#world.inject(`at a request: ${fate}`);
    this.#world.trace(process, () => `weather: ${fate} ${host.name} ${what.slice(0, 40)}`);
    switch (fate) {
      case 'reply late':
        this.#delay = this.#random.spread(20, 4_000);
        return 'fine';
      case 'frozen':
        this.#world.freezeFor(process, this.#random.spread(20, 60_000));
        return 'fine';
      default:
        return fate;
    }
  }

  latency(): number {
    const delay = this.#delay;
    this.#delay = 0;
    return delay + this.#random.between(0.05, 0.8);
  }

  forgetsTtr(): boolean {
    return this.#stormy && this.#random.chance(this.climate.forgottenTtr);
  }

  losesRing(): boolean {
    return this.#stormy && this.#random.chance(this.climate.slow);
  }

  machineDied(): boolean {
    return this.#stormy && this.#random.chance(this.climate.machineDies);
  }

  #roll<Kind>(odds: readonly (readonly [Kind, number])[]): Kind | undefined {
    let left = this.#random.next();
    for (const [kind, each] of odds) {
      if (left < each) return kind;
      left -= each;
    }
    return undefined;
  }
}
