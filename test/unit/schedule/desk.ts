// What the tests of a schedule's loop stand on: a clock they move, a board in memory, entries from YAML.

import type { Clock } from '../../../src/core/clock.ts';
import { LedgerDown } from '../../../src/core/errors.ts';
import { beatLife, type Beat, type Board } from '../../../src/ledger/board.ts';
import type { Entry } from '../../../src/schedule/entry.ts';
import { parseCronMap } from '../../../src/schedule/yaml-entries.ts';

/** The entries of a `cron:` mapping, in UTC. */
export function entriesOf(cron: Readonly<Record<string, object>>): readonly Entry[] {
  const { entries, issues } = parseCronMap(cron, 'cron', 'UTC');
  const errors = issues.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return entries;
}

export function entryOf(options: object, name = 'entry'): Entry {
  const [entry] = entriesOf({ [name]: { schedule: '* * * * *', run: 'true', ...options } });
  if (entry === undefined) throw new Error('no entry');
  return entry;
}

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

export class FakeClock implements Clock {
  /** Ms since the epoch; what is set is a jump. */
  wall: number;
  /** Ms that have passed. */
  passed = 0;
  readonly #sleepers = new Set<Sleeper>();

  constructor(start: string) {
    this.wall = Date.parse(start);
  }

  now(): number {
    return this.wall;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper = {
        until: this.passed + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      if (ms <= 0 || signal?.aborted === true) resolve();
      else {
        this.#sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      }
    });
  }

  /** Lets so many ms pass, and all that happens in them happen. */
  async pass(ms: number): Promise<void> {
    const end = this.passed + ms;
    await settled();
    for (;;) {
      const [next] = [...this.#sleepers].sort((a, b) => a.until - b.until);
      const at = Math.min(next?.until ?? end, end);
      this.wall += at - this.passed;
      this.passed = at;
      if (next === undefined || next.until > end) return;
      next.wake();
      await settled();
    }
  }
}

/** All that can happen without time has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

export class MemoryBoard implements Board {
  readonly kept = new Map<string, string>();
  readonly marks = new Map<string, number>();
  readonly beating = new Map<string, { readonly at: number; readonly text: string }>();
  beatsTaken = 0;
  down = false;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  now(): Promise<number> {
    return this.#answer(this.#now);
  }

  absences(names: readonly string[]): Promise<(number | undefined)[]> {
    return this.#answer(() =>
      names.map((name) => {
        const mark = this.marks.get(name);
        return mark === undefined ? undefined : Math.max(this.#now() - mark, 0);
      }),
    );
  }

  advance(names: readonly string[]): Promise<void> {
    return this.#answer(() => {
      for (const name of names) this.marks.set(name, this.#now());
    });
  }

  record(name: string, text: string): Promise<void> {
    return this.#answer(() => {
      this.kept.set(name, text);
    });
  }

  records(names: readonly string[]): Promise<(string | undefined)[]> {
    return this.#answer(() => names.map((name) => this.kept.get(name)));
  }

  lastAdvance(): Promise<number | undefined> {
    return this.#answer(() => {
      const ago = [...this.marks.values()].map((mark) => Math.max(this.#now() - mark, 0));
      return ago.length === 0 ? undefined : Math.min(...ago);
    });
  }

  beat(process: string, text: string): Promise<void> {
    return this.#answer(() => {
      this.beating.set(process, { at: this.#now(), text });
      this.beatsTaken += 1;
    });
  }

  beats(): Promise<Beat[]> {
    return this.#answer(() =>
      [...this.beating]
        .map(([process, { at, text }]) => ({ process, text, agoMs: this.#now() - at }))
        .filter(({ agoMs }) => agoMs <= beatLife),
    );
  }

  endBeat(process: string): Promise<void> {
    return this.#answer(() => {
      this.beating.delete(process);
    });
  }

  close(): void {
    this.down = true;
  }

  #answer<Answer>(look: () => Answer): Promise<Answer> {
    return this.down ? Promise.reject(new LedgerDown('gone')) : Promise.resolve(look());
  }
}
