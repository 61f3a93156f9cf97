/** A chain of the world outside: takes batches, loses blocks again, answers late or not at all. */
import {
  type ChainEvent,
  createSim,
  mine,
  openAccount,
  reorg,
  type Sim,
  type SimBlock,
  type SimReport,
  settle,
  transfer,
  type Version,
} from '@holdfast/settle/sim';
import type { Random } from '@holdfast/trader';
import type { Owner, Time } from './time.ts';

export const traders = [2, 3, 4, 5];
const firstQuote = 1_000_000_000_000n;

export interface ChainHabits {
  /** Milliseconds of an answer. */
  answerMs: number;
  /** Share of requests without an answer. */
  stallShare: number;
  /** Share of answers that are as old as some blocks. */
  staleShare: number;
  /** Share of transactions that are lost on the way, or arrive twice. */
  lossShare: number;
  /** Share of blocks after which a few are lost again. */
  reorgShare: number;
}

/** Blocks that a reorganisation takes at the most: what is deeper is final. */
export const finalDepth = 6;

export class SimChain {
  readonly sim: Sim = createSim();
  readonly habits: ChainHabits = {
    answerMs: 20,
    stallShare: 0,
    staleShare: 0,
    lossShare: 0,
    reorgShare: 0,
  };
  readonly reports = new Map<number, SimReport>();
  /** What is wrong with what settled. */
  readonly wrong: string[] = [];
  reorgs = 0;
  /** Batches in their blocks, by the hash of the block. */
  readonly #settled = new Map<string, readonly number[]>();
  #pool: Version[] = [];
  readonly #time: Time;
  readonly #random: Random;

  constructor(time: Time, random: Random) {
    [this.#time, this.#random] = [time, random];
    const opened = traders.map((id) => openAccount(this.sim, `0x${String(id).padStart(40, '0')}`));
    const funded = traders.map((id) => transfer(this.sim, id, firstQuote));
    mine(this.sim, this.second(), [...opened, ...funded]);
  }

  second(): number {
    return 1_000 + Math.floor(this.#time.now / 1_000);
  }

  /** One block; it takes what fits of what has arrived. */
  block(): void {
    const events: ChainEvent[] = [];
    const fills: number[] = [];
    for (const version of this.#pool.splice(0)) {
      const { batchNumber, batchHead } = this.sim.state;
      // As the contract: a batch follows its predecessor, or is refused.
      if (version.number !== batchNumber + 1 || version.previous !== batchHead) continue;
      const report = version.round === null ? undefined : this.reports.get(version.round);
      const isNewer = report !== undefined && report.round > this.sim.state.round;
      events.push(...settle(this.sim, version, isNewer ? report : undefined));
      fills.push(...version.fills.map(({ id }) => id));
    }
    if (events.length === 0 && this.#random.chance(0.2)) {
      const account = traders[this.#random.below(traders.length)] ?? 2;
      events.push(transfer(this.sim, account, BigInt(1 + this.#random.below(1_000))));
    }
    const { head } = mine(this.sim, this.second(), events);
    this.#settled.set(head.hash, fills);
    this.#judge();
    if (this.#random.chance(this.habits.reorgShare)) {
      this.reorgs += 1;
      reorg(this.sim, Math.min(1 + this.#random.below(finalDepth - 1), this.sim.blocks.length - 2));
    }
  }

  /** A price that the chain learns of with a batch. */
  learn(report: SimReport): void {
    this.reports.set(report.round, report);
  }

  /** Fills on the branch that stands. */
  fills(): number[] {
    return this.sim.blocks.flatMap(({ head }) => this.#settled.get(head.hash) ?? []);
  }

  #judge(): void {
    const all = this.fills();
    const twice = all.find((id, i) => all.indexOf(id) !== i);
    if (twice !== undefined) this.wrong.push(`fill ${twice} settled twice`);
  }

  /** The blocks, as an endpoint tells them. Resolves late, or never; undefined: an error. */
  async ask(owner: Owner): Promise<readonly SimBlock[] | undefined> {
    const { habits } = this;
    const random = this.#random;
    const isStalled = random.chance(habits.stallShare);
    await this.#time.sleep(isStalled ? 5_000 : this.#time.about(habits.answerMs), owner);
    if (isStalled) return undefined;
    const stale = random.chance(habits.staleShare) ? random.below(4) : 0;
    const { blocks } = this.sim;
    return structuredClone(blocks.slice(0, Math.max(2, blocks.length - stale)));
  }

  /** A transaction on its way. */
  send(version: Version): void {
    const copies = this.#random.chance(this.habits.lossShare) ? this.#random.below(2) * 2 : 1;
    for (let i = 0; i < copies; i++) {
      this.#time.after(this.#time.about(300), this.#time.world, () => this.#pool.push(version));
    }
  }
}
