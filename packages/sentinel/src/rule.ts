/**
 * The seam between what watches the chain and what judges it. A rule sees one block at a time, as
 * pure data, and gets its whole memory back: so a backtest, a reorganisation and a shadow run use
 * the same code.
 */
import type { Hex } from '@holdfast/units';

/** A law acts at once; a flow rule on anomaly and damage together; a statistical rule never. */
export type Tier = 'law' | 'flow' | 'statistical';
/** How bad a finding is, from the least. */
export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical';
/** Contracts whose logs are followed. */
export type Source =
  | 'clearingHouse'
  | 'vault'
  | 'breaker'
  | 'parameters'
  | 'steward'
  | 'oracle'
  | 'forcedQueue'
  | 'backstop'
  | 'committees'
  /** The contract of votes, when the governor is one of votes. */
  | 'votes'
  /** Its timelock: what the venue knows as the governor. */
  | 'access';

/** One account that a packed event names, as it is after. */
export interface TouchedAccount {
  readonly account: number;
  /** Quote × 2^32. */
  readonly cashAfter: bigint;
  /** Lots after, of the markets touched alone. */
  readonly sizes: readonly (readonly [market: number, size: number])[];
}

/** One market of a `Refreshed`. */
export interface QuoteRow {
  readonly market: number;
  /** Ticks. */
  readonly price: number;
  readonly mark: number;
  /** ppm per day, as charged. */
  readonly rate: number;
  /** Quote × 2^32 per lot. */
  readonly indexAfter: bigint;
}

/** One order of a `Settled`: its lane as it is after. */
export interface SettledOrder {
  readonly account: number;
  readonly lane: number;
  readonly seq: number;
  /** Lots. */
  readonly filledAfter: number;
}

/** A log of one of the venue's contracts, decoded by its interface. */
export interface VenueEvent {
  readonly source: Source;
  /** Name in the interface, such as `Settled`. */
  readonly name: string;
  /** By their names in the interface; integers as viem gives them, addresses in lower case. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Of `Settled` and `Touched`: `args.accounts` opened. */
  readonly accounts?: readonly TouchedAccount[];
  /** Of `Settled`: `args.orders` opened. */
  readonly orders?: readonly SettledOrder[];
  /** Of `Refreshed`: `args.quotes` opened. */
  readonly quotes?: readonly QuoteRow[];
  readonly txHash: Hex;
  readonly logIndex: number;
}

/** Parameters of a market, all whole numbers; names are those of `MarketParams` on chain. */
export interface MarketParameters {
  readonly tickValue: number;
  readonly initialPpm: number;
  readonly maintenancePpm: number;
  readonly takerFeePpm: number;
  readonly makerFeePpm: number;
  readonly priceAgeSecondsMax: number;
  readonly bandPpm: number;
  readonly fillBandPpm: number;
  readonly fundingRatePpmMax: number;
  readonly openInterestMax: number;
  readonly openInterestLowPpm: number;
  readonly openInterestHighPpm: number;
  readonly concentrationPpm: number;
  readonly concentrationCapPpm: number;
  readonly isolated: number;
  readonly markClampPpm: number;
  readonly fundingGapSecondsMax: number;
  readonly liquidationPartPpm: number;
  readonly coverSharePpm: number;
  readonly backstopLotsMax: number;
}

/** A market as the logs tell it. */
export interface MarketView {
  readonly market: number;
  /** In force: the anchor, or tighter where a steward moved. */
  readonly params: MarketParameters;
  /** As governance set it. */
  readonly anchor: MarketParameters;
  /** Index price, ticks; 0 before the first report. */
  readonly price: number;
  /** Mark price, ticks; 0 before the first report. */
  readonly mark: number;
  readonly priceTime: number;
  readonly priceRound: number;
  /** ppm per day, as last charged. */
  readonly rate: number;
  /** Cumulative funding, quote × 2^32 per lot. */
  readonly fundingIndex: bigint;
  readonly fundingTime: number;
  /** Σ of long positions, lots. */
  readonly openInterest: number;
  /** Cash of the market's own insurance fund, quote × 2^32. */
  readonly insuranceQ32: bigint;
}

/** An account as the logs tell it. Rows are replaced, never changed in place. */
export interface AccountView {
  readonly account: number;
  /** Lower case; the zero address of the reserved accounts. */
  readonly owner: string;
  /** Quote × 2^32. */
  readonly cashQ32: bigint;
  /** Signed lots by market, no zeros. */
  readonly positions: ReadonlyMap<number, number>;
  readonly epoch: number;
  /** Initial margin that the owner demands of itself; 0: none. */
  readonly userPpm: number;
}

/** A withdrawal that waits in the vault. */
export interface QueuedView {
  readonly id: bigint;
  readonly account: number;
  readonly to: string;
  /** Quote units still waiting. */
  readonly quote: bigint;
  readonly readyAt: number;
}

/** What the vault owes and what left it. */
export interface VaultView {
  /** Owed to accounts, quote units. */
  readonly liabilities: bigint;
  /** Waiting in its queue, quote units. */
  readonly queued: bigint;
  readonly queue: ReadonlyMap<bigint, QueuedView>;
  /** Outflow of the last hour and day up to this block, quote units, by the vault's own buckets. */
  readonly hourUsed: bigint;
  readonly dayUsed: bigint;
  /** Budgets of both windows now, quote units. */
  readonly hourMax: bigint;
  readonly dayMax: bigint;
  /** End of the gate, seconds; 0 when it never closed. */
  readonly gatedUntil: number;
}

/** A forced request that waits: in line, or aside when its number was passed. */
export interface ForcedView {
  readonly number: bigint;
  readonly account: number;
  readonly kind: number;
  readonly deadline: number;
}

/** A breaker entry: level i + 1 is in force before the second at i. */
export type BreakerEntry = readonly [until1: number, until2: number, until3: number];

/**
 * The venue as its logs alone tell it, after one block. Valid while `judge` runs: keep values out
 * of it, not the object.
 */
export interface VenueState {
  readonly accounts: ReadonlyMap<number, AccountView>;
  readonly markets: ReadonlyMap<number, MarketView>;
  readonly vault: VaultView;
  /** Cash of the shared insurance fund (account 0), quote × 2^32. */
  readonly insuranceQ32: bigint;
  /** Accounts of backstop pools, by pool. */
  readonly backstops: ReadonlyMap<number, number>;
  readonly forced: ReadonlyMap<bigint, ForcedView>;
  /** Number of the last forced request that was executed or set aside in its turn. */
  readonly forcedDone: bigint;
  /** By scope: 0 the venue, 1 + market. */
  readonly breaker: ReadonlyMap<number, BreakerEntry>;
  readonly guardians: ReadonlySet<string>;
  readonly batchNumber: number;
  readonly batchHead: Hex;
  readonly round: number;
  readonly reportTime: number;
  readonly sequencer: string;
  readonly governor: string;
  readonly reportSkewSecondsMax: number;
  /** What no fund has covered, quote units. */
  readonly insolvency: bigint;
  /** Second at which the venue was frozen; 0 while it runs. */
  readonly frozenTime: number;
}

/** A transaction of the block, or the pending one that is simulated. */
export interface TxView {
  readonly hash: Hex;
  readonly from: string;
  /** Undefined when it creates a contract. */
  readonly to?: string;
  /** First four bytes of the call, `0x` when there are none. */
  readonly selector: Hex;
  readonly status: 'success' | 'reverted' | 'pending';
}

/** What a rule sees of one block: pure data, already checked against several endpoints. */
export interface BlockView {
  readonly number: number;
  readonly hash: Hex;
  readonly parentHash: Hex;
  /** Seconds. */
  readonly timestamp: number;
  /** Wei per gas. */
  readonly baseFee: bigint;
  /** In the order of the chain. */
  readonly events: readonly VenueEvent[];
  /** After this block. */
  readonly state: VenueState;
  /** After the block before; undefined for the first. */
  readonly previous?: VenueState;
  /** Accounts that this block changed. */
  readonly touched: ReadonlySet<number>;
  /** True: what a pending transaction would do, on top of `previous`. */
  readonly pending: boolean;
  /** Those to or from the venue's contracts. */
  readonly txs: readonly TxView[];
}

/** What a rule found. */
export interface Finding {
  /** Id of the rule. */
  readonly rule: string;
  readonly tier: Tier;
  readonly severity: Severity;
  /** Scope of the breaker that it concerns: 0 the venue, 1 + market. */
  readonly scope: number;
  /** What it is about: findings of one rule with one key are one finding that goes on. */
  readonly key: string;
  readonly title: string;
  readonly evidence: Readonly<Record<string, string | number>>;
  /** Deterministic damage was shown: a flow rule acts on nothing less. */
  readonly damage?: boolean;
}

/** What a sentinel may do about a finding. */
export interface Action {
  readonly kind: 'tighten';
  /** 0 the venue, 1 + market. */
  readonly scope: number;
  readonly level: 1 | 2 | 3;
  /** Seconds. */
  readonly holdSeconds: number;
  /** Number of the law, 0 when none. */
  readonly law: number;
}

/** Numbers and names that a venue team sets for a rule. */
export type RuleSettings = Readonly<Record<string, number | string | boolean>>;

/** One rule: pure functions, no clock, no randomness, no input but the view and its memory. */
export interface Rule<Memory = unknown> {
  /** Stable, kebab case. */
  readonly id: string;
  readonly tier: Tier;
  readonly severity: Severity;
  readonly title: string;
  /** What it reads, for the documents. */
  readonly reads: string;
  begin(settings: RuleSettings): Memory;
  /** The memory given is not changed: another is returned, or the same. */
  judge(
    view: BlockView,
    memory: Memory,
  ): { readonly memory: Memory; readonly findings: readonly Finding[] };
  /** What to do about a finding; undefined: tell only. */
  action?(finding: Finding): Action | undefined;
}
