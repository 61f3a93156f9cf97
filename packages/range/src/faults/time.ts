/**
 * Virtual time: whatever waits, waits here. One thing happens at a time, in the order of its
 * moment and then of its place in line, and everything that follows from it has happened before
 * the next: the same seed gives the same life.
 */
import type { Random } from '@holdfast/trader';

interface Due {
  readonly at: number;
  readonly place: number;
  readonly owner: Owner;
  readonly act: () => void;
}

/** What ends together: a process, or the world around it. */
export interface Owner {
  readonly name: string;
  alive: boolean;
}

export class Time {
  /** Milliseconds since the beginning. */
  now = 0;
  steps = 0;
  readonly world: Owner = { name: 'world', alive: true };
  readonly #random: Random;
  #due: Due[] = [];
  #place = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** @param act is left out when its owner has ended by then */
  after(ms: number, owner: Owner, act: () => void): void {
    this.#place += 1;
    const due = { at: this.now + ms, place: this.#place, owner, act };
    // A list in order: lives are short.
    let low = 0;
    let high = this.#due.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { at, place } = this.#due[middle] as Due;
      if (at < due.at || (at === due.at && place < due.place)) low = middle + 1;
      else high = middle;
    }
    this.#due.splice(low, 0, due);
  }

  /** Resolves after so many milliseconds; never, if the owner has ended by then. */
  sleep(ms: number, owner: Owner): Promise<void> {
    return new Promise((resolve) => this.after(ms, owner, resolve));
  }

  /** A duration about this long: now and then ten times it. */
  about(ms: number): number {
    const random = this.#random;
    return ms * random.between(0.5, 1.5) * (random.chance(0.03) ? 10 : 1);
  }

  /**
   * Lets things happen until a moment.
   *
   * @param before each of them; it may end their owner
   */
  async until(end: number, before: (owner: Owner) => void): Promise<void> {
    for (;;) {
      const [next] = this.#due;
      if (next === undefined || next.at > end) break;
      this.#due.shift();
      this.now = next.at;
      if (next.owner.alive) before(next.owner);
      if (!next.owner.alive) continue;
      this.steps += 1;
      next.act();
      // All that follows from it is promises: one turn of the event loop is enough.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.now = end;
  }
}
