/** One life of the node's process: real journal, real engine and core, real books of settlement. */
import { silentLogger } from '@holdfast/host';
import {
  type Acks,
  type Answer,
  createEngine,
  type Disk,
  type Engine,
  type Input,
  type Journal,
  openJournal,
  recover,
} from '@holdfast/node';
import { openStore, type SettleStore } from '@holdfast/settle';
import { demoConfig } from '@holdfast/settle/sim';
import type { Seconds } from '@holdfast/units';
import type { SimChain } from './chain.ts';
import type { SimDisk } from './disk.ts';
import type { Mutant } from './mutants.ts';
import { Settlement } from './settlement.ts';
import type { Owner, Time } from './time.ts';

export const journalDir = '/journal';
const storePath = '/settle/store.jsonl';
/** Small, so that a life closes some. */
const segmentBytesMax = 6_000;
const growBytes = 1_024;

export interface Outside {
  readonly time: Time;
  readonly disk: SimDisk;
  readonly chain: SimChain;
  /** Seconds by which the machine's clock is wrong. */
  readonly skew: () => number;
  readonly mutant: Mutant | undefined;
  /** The process cannot go on and ends. */
  readonly onEnd: (error: Error) => void;
}

/** A running node. */
export interface Running {
  readonly owner: Owner;
  readonly engine: Engine;
  readonly acks: Acks;
  readonly journal: Journal;
  readonly settlement: Settlement;
  /** Requests that wait for the journal, as a gateway's desk keeps them. */
  readonly pending: Map<string, Promise<Answer | undefined>>;
}

export const openSimJournal = (disk: Disk): Promise<Journal> =>
  openJournal({ dir: journalDir, disk, segmentBytesMax, growBytes, clock: () => 0 });

/** Starts a process: it opens what the last one left. */
export async function startProcess(outside: Outside, owner: Owner): Promise<Running> {
  const { time, disk, mutant, onEnd } = outside;
  const opened = await openSimJournal(disk.journal(owner));
  const { state, acks } = await recover(opened, demoConfig, silentLogger());
  const journal = mutant?.journal?.(opened) ?? opened;
  const engine = createEngine({
    state,
    journal,
    acks,
    now: () => (1_000 + Math.floor(time.now / 1_000) + outside.skew()) as Seconds,
    turn: () => time.sleep(0.1, owner),
    onFatal: onEnd,
  });
  const found = await openStore(storePath, disk.store(owner));
  const store: SettleStore =
    mutant?.records === undefined ? found : { ...found, records: mutant.records(found.records) };
  const tell = async (inputs: readonly Input[]) => engine.submit(inputs);
  const settlement = new Settlement({ owner, time, chain: outside.chain, engine, store, tell });
  settlement.run().catch(onEnd);
  return { owner, engine, acks, journal, settlement, pending: new Map() };
}
