/** What the settler is given and how it is tuned. */
import type { CoreEvent, State } from '@holdfast/core';
import type { Clock, Logger, Venue } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import type { LocalAccount, PublicClient } from 'viem';
import type { Draft } from './effects.ts';
import type { ForcedStatus } from './forced.ts';
import type { SettleStore } from './store.ts';

/** Tuning; each has a default from the venue's block interval. */
export type SettlerOptions = {
  /** Wall ms between two looks at the chain. */
  readonly pollMs: number;
  /** Longest that a fill waits for company before a batch is sealed, wall ms. */
  readonly sealMs: number;
  readonly fillsMax: number;
  /** Batches that may be on their way at a time, one on top of the other. */
  readonly flightMax: number;
  /** Part of the block's gas limit that a batch may use, ppm. */
  readonly gasSharePpm: number;
  /** Blocks on top of a batch before the core takes it as final. */
  readonly finalDepth: number;
  /** Blocks without inclusion before the fee is raised. */
  readonly stuckBlocks: number;
  /** Every so many batches all accounts are compared with the chain's storage. */
  readonly auditEvery: number;
  /** Batches that can still be undone and sent again. */
  readonly keepBatches: number;
  readonly storeBytesMax: number;
  /** Account that takes over the positions of forced closes; none: left to keepers. */
  readonly forcedTaker: number | undefined;
  /** Longest that stop() waits for pending fills to settle, wall ms. */
  readonly drainMs: number;
};

/** Numbers for whoever watches. */
export type MetricSink = {
  set(name: string, value: number): void;
  count(name: string, by?: number): void;
};

export type SettlerDeps = {
  readonly venue: Venue;
  readonly client: PublicClient;
  readonly sequencer: LocalAccount;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The core's live state. */
  readonly state: () => State;
  /** Head of the chain of receipts, 32 bytes: committed by each batch. */
  readonly receipts: () => Hex;
  /** Bytes of a journaled report, if they are still at hand. */
  readonly report: (round: number) => Hex | undefined;
  /** Journals and applies as one: all of the commands or none. Resolves when durable. */
  readonly applyJournaled: (commands: readonly Draft[]) => Promise<readonly CoreEvent[]>;
  /** Called once; the node must stop matching. */
  readonly onHalt: (reason: string) => void;
  readonly onSettled?: (batch: number, fillIds: readonly number[], transaction: Hex) => void;
  readonly onUnwound?: (fillIds: readonly number[], code: string, message: string) => void;
  readonly metrics?: MetricSink;
  /** File of the settler's own memory; or the memory itself, for tests. */
  readonly storePath: string | SettleStore;
  readonly options?: Partial<SettlerOptions>;
};

/** Defaults for a venue. */
export function optionsOf(deps: SettlerDeps): SettlerOptions {
  const { blockMs } = deps.venue;
  return {
    pollMs: Math.min(1_000, Math.max(20, Math.floor(blockMs / 5))),
    sealMs: Math.min(1_000, Math.floor(blockMs / 4)),
    fillsMax: 400,
    flightMax: 3,
    gasSharePpm: 600_000,
    finalDepth: 6,
    stuckBlocks: 3,
    auditEvery: 50,
    keepBatches: 2_048,
    storeBytesMax: 64 * 2 ** 20,
    drainMs: 10_000,
    forcedTaker: undefined,
    ...deps.options,
  };
}

/** A condition that keeps batches from going out although no fill is at fault. */
export type Hold = { readonly code: string; readonly message: string };

export type SettlerStatus = {
  readonly state: 'starting' | 'following' | 'halted' | 'stopped';
  /** Why it is halted. */
  readonly reason?: string;
  /** In words, for a status page. */
  readonly summary: string;
  readonly rpc: { readonly ok: boolean; readonly failures: number; readonly error?: string };
  readonly chainHead: number;
  readonly followed: number;
  readonly followedHash: string;
  readonly batchNumber: number;
  readonly batchHead: string;
  /** Fills that are on no chain yet. */
  readonly pendingFills: number;
  readonly inflight: {
    /** The oldest on its way. */
    readonly batch: number;
    /** How many are. */
    readonly batches: number;
    readonly transactions: readonly Hex[];
  } | null;
  /** Batches to be sent again. */
  readonly queued: number;
  readonly hold: Hold | null;
  /** The queue of forced requests as of the last block looked at. */
  readonly forced: ForcedStatus;
  readonly reorgs: number;
  readonly audits: number;
};
