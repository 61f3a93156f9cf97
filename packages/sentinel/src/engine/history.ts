/** The last blocks, each with what it overwrote: a reorganisation goes back through them. */
import type { Hex } from '@holdfast/units';
import { type Tables, takeBack, type Undo } from '../state/tables.ts';

/** One block that was taken in. */
export interface Taken {
  readonly number: number;
  readonly hash: Hex;
  readonly time: number;
  readonly baseFee: bigint;
  readonly undo: Undo;
  /** What each rule remembers after it. */
  memories: ReadonlyMap<string, unknown>;
  /** Laws on the whole state that do not hold after it. */
  broken: ReadonlySet<string>;
}

/** Blocks that can be gone back. */
export const depthMax = 128;

export class History {
  #blocks: Taken[] = [];
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  get tip(): Taken | undefined {
    return this.#blocks.at(-1);
  }

  get length(): number {
    return this.#blocks.length;
  }

  /** The block before the tip. */
  get second(): Taken | undefined {
    return this.#blocks.at(-2);
  }

  push(taken: Taken): void {
    this.#blocks.push(taken);
    if (this.#blocks.length > depthMax) this.#blocks.shift();
  }

  /** Takes the newest block back; false when what is before it is not known any more. */
  pop(): boolean {
    if (this.#blocks.length < 2) return false;
    const taken = this.#blocks.pop() as Taken;
    takeBack(this.#tables, taken.undo);
    return true;
  }
}
