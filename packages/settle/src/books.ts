/**
 * The books between core and chain, and what they must say. At every moment, to the unit, for
 * every account:
 *
 *   core = mirror + Σ fills that the core has and the chain has not (as the core values them)
 *                 + Σ (core's value − chain's value) of fills on chain that are not yet final
 */
import type { State } from '@holdfast/core';
import { EnvironmentError, type Hex, invariant } from '@holdfast/units';
import type { AccountDelta } from './deltas.ts';
import type { Draft } from './effects.ts';
import {
  addDelta,
  addFill,
  deltasOfSums,
  differenceOf,
  type FillTerms,
  type Sums,
  type Valuation,
} from './fills.ts';
import type { Mirror, Undo } from './mirror.ts';

/** What the books need of the core's state. */
export type CoreView = Pick<State, 'accounts' | 'unconfirmed' | 'batches' | 'round'>;

/** A batch as it was sealed. The same number may have had several versions; the head tells. */
export type Version = {
  readonly number: number;
  readonly previous: Hex;
  readonly head: Hex;
  /** Calldata of `settle`. */
  readonly calldata: Hex;
  /** Round of the report inside, or null. */
  readonly round: number | null;
  readonly fills: readonly FillTerms[];
};

/** A batch on the followed branch of the chain. */
export type Landing = {
  readonly number: number;
  readonly head: Hex;
  readonly block: number;
  /** Last round accepted on chain then. */
  readonly round: number;
  /** By market. */
  readonly indexes: readonly (readonly [number, bigint])[];
  /** By fill id: how the chain valued it. */
  readonly valuations: readonly (readonly [number, Valuation])[];
};

/** A block with effects, enough to take it back. */
export type BlockEntry = {
  readonly number: number;
  readonly hash: Hex;
  readonly parent: Hex;
  readonly time: number;
  /** Newest last; empty when the entry was read back from disk. */
  readonly undos: readonly Undo[];
  readonly inverse: readonly Draft[];
  readonly landings: readonly Landing[];
};

/** A fill that the core holds for good, and how it values it. */
export type Recorded = { readonly fill: FillTerms; readonly valuation: Valuation };

export type Ledger = {
  mirror: Mirror;
  /** By head. */
  readonly versions: Map<string, Version>;
  /** By number: batches on the followed branch. */
  readonly landed: Map<number, Landing>;
  /** By fill id: fills of known batches that the core no longer lists as unconfirmed. */
  readonly recorded: Map<number, Recorded>;
  /** By fill id: fills on the followed branch, as the chain valued them. */
  readonly onChain: Map<number, Valuation>;
  /** Ids of recorded fills that are not on the followed branch: a reorganisation took them. */
  readonly ghosts: Set<number>;
  /** Ascending. */
  readonly blocks: BlockEntry[];
  /** The newest block whose entry was forgotten. */
  pruned: { readonly number: number; readonly hash: Hex } | undefined;
  /** Batches up to this number may be unknown to us: they were settled before our journal. */
  foreignUpTo: number;
};

export type BlockHead = Pick<BlockEntry, 'number' | 'hash' | 'parent' | 'time'>;

export function createLedger(mirror: Mirror): Ledger {
  return {
    mirror,
    versions: new Map(),
    landed: new Map(),
    recorded: new Map(),
    onChain: new Map(),
    ghosts: new Set(),
    blocks: [],
    pruned: undefined,
    foreignUpTo: 0,
  };
}

/** Forgets everything, in place. */
export function clearLedger(ledger: Ledger): void {
  ledger.versions.clear();
  ledger.landed.clear();
  ledger.recorded.clear();
  ledger.onChain.clear();
  ledger.ghosts.clear();
  ledger.blocks.length = 0;
  ledger.pruned = undefined;
}

/** Quote units of one lot at one tick. */
export function tickValueOf(ledger: Ledger, market: number): number {
  const params = ledger.mirror.params.get(market);
  invariant(params !== undefined, `fill in market ${market}, which the mirror does not know`);
  return params.tickValue;
}

/** The state of core and chain differs: nothing may go on before somebody has looked. */
export function differs(message: string): EnvironmentError {
  return new EnvironmentError('StateDiffers', message);
}

function addMirror(sums: Sums, mirror: Mirror): void {
  for (const [account, row] of mirror.accounts) {
    addDelta(sums, { account, cash: row.cash, sizes: row.sizes });
  }
}

/** What the core must hold: the mirror and everything that the chain does not have yet. */
export function expectedCore(ledger: Ledger, core: CoreView): AccountDelta[] {
  const sums: Sums = new Map();
  addMirror(sums, ledger.mirror);
  for (const fill of core.unconfirmed.values()) {
    const tickValue = tickValueOf(ledger, fill.market);
    addFill(sums, fill, tickValue, fill);
    const chain = ledger.onChain.get(fill.id);
    if (chain !== undefined) addFill(sums, fill, tickValue, chain, -1);
  }
  for (const id of ledger.ghosts) {
    const recorded = ledger.recorded.get(id);
    invariant(recorded !== undefined, `fill ${id} is a ghost without a value`);
    const { fill, valuation } = recorded;
    addFill(sums, fill, tickValueOf(ledger, fill.market), valuation);
  }
  return deltasOfSums(sums);
}

/** What the core holds. */
export function actualCore(core: CoreView): AccountDelta[] {
  const sums: Sums = new Map();
  for (const [account, row] of core.accounts) {
    addDelta(sums, { account, cash: row.cash, sizes: row.positions });
  }
  return deltasOfSums(sums);
}

/** The first place where core and chain disagree, in words, or undefined. */
export function compare(ledger: Ledger, core: CoreView): string | undefined {
  const wrong = differenceOf(actualCore(core), expectedCore(ledger, core));
  if (wrong === undefined) return undefined;
  return (
    `${wrong.field} of account ${wrong.account}: the core has ${wrong.found}, ` +
    `the chain and the fills on their way make ${wrong.expected}`
  );
}
