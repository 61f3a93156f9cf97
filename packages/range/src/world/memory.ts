/** What the world remembers beside the chain; plain data, copied with every snapshot. */
import type { Hex } from '@holdfast/units';
import type { Entry, Sample } from '../types.ts';
import { baseFeeUsual } from './chain.ts';

export interface Person {
  readonly name: string;
  readonly address: Hex;
  /** Account at the venue; 0: none. */
  readonly account: number;
  readonly isAttacker: boolean;
}

export interface Memory {
  /** Second of the last block. */
  time: number;
  /** Of the blocks to come, wei per gas. */
  baseFee: number;
  /** Next transaction by name. */
  nonces: Map<string, number>;
  /** Last seq of a lane, by account. */
  seqs: Map<number, number>;
  round: number;
  /** Name of the key that settles and reports. */
  sequencer: string;
  /** Last reported index price, ticks by market. */
  prices: Map<number, number>;
  people: Map<string, Person>;
  choices: number;
  /** Honest requests that were refused since the snapshot. */
  refused: string[];
  timeline: Entry[];
  samples: Sample[];
  /** Seconds that passed since the last block without one. */
  skipped: number;
  /** Seconds since the snapshot during which withdrawals were tightened. */
  tightSeconds: number;
}

export const createMemory = (time: number): Memory => ({
  time,
  baseFee: baseFeeUsual,
  nonces: new Map(),
  seqs: new Map(),
  round: 0,
  sequencer: 'sequencer',
  prices: new Map(),
  people: new Map(),
  choices: 0,
  refused: [],
  timeline: [],
  samples: [],
  skipped: 0,
  tightSeconds: 0,
});
