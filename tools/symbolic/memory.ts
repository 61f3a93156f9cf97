/** Bytes that may be unknown, at known addresses: memory, and the data of a call. */
import { concat, slice } from './build.ts';
import { constant, type Term } from './term.ts';

/** The byte of a term that starts at a bit. */
type Cell = { term: Term; low: number };

const zero: Cell = { term: constant(0n, 8), low: 0 };

export class Memory {
  private readonly cells: Map<number, Cell>;

  constructor(cells: ReadonlyMap<number, Cell> = new Map()) {
    this.cells = new Map(cells);
  }

  copy(): Memory {
    return new Memory(this.cells);
  }

  /** Writes a term, its highest byte first. */
  store(at: number, term: Term): void {
    const count = term.width / 8;
    for (let byte = 0; byte < count; byte += 1) {
      this.cells.set(at + count - 1 - byte, { term, low: byte * 8 });
    }
  }

  /** `count` bytes as one term; what was never written is zero. */
  load(at: number, count: number): Term {
    const parts: Term[] = [];
    let run: Cell & { bytes: number } = { ...zero, bytes: 0 };
    const close = () => run.bytes > 0 && parts.push(slice(run.term, run.low, run.bytes * 8));
    for (let byte = at + count - 1; byte >= at; byte -= 1) {
      const { term, low } = this.cells.get(byte) ?? zero;
      if (run.bytes > 0 && term === run.term && low === run.low + run.bytes * 8) run.bytes += 1;
      else {
        close();
        run = { term, low, bytes: 1 };
      }
    }
    close();
    return concat(parts);
  }

  /** Bytes from another place, or from the same one before it is written. */
  copyFrom(source: Memory, to: number, from: number, count: number): void {
    const cells = Array.from({ length: count }, (_, at) => source.cells.get(from + at) ?? zero);
    for (const [at, cell] of cells.entries()) this.cells.set(to + at, cell);
  }
}
