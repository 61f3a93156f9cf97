/** What goes in (config, commands), what comes out (events), and what is kept (state). */
import type { Observation } from '@holdfast/oracle';
import type { SessionGrant, SessionScope, SignedOrder } from '@holdfast/order';
import type {
  AccountId,
  CashQ32,
  Epoch,
  FundingIndex,
  Hex,
  Lane,
  Lots,
  MarketId,
  Ppm,
  PpmPerDay,
  Quote,
  Rejection,
  Round,
  Seconds,
  Seq,
  Ticks,
} from '@holdfast/units';
import type { AuctionPolicy, Call } from './auction/types.ts';
import type { Book, Resting } from './book/book.ts';
import type { CauseOfAccount, ExternalCause } from './causes.ts';
import type { CoreConfig } from './config.ts';
import type { MarketParams } from './params.ts';
import type { Sums, Valued } from './sums.ts';

export type { AuctionPolicy, Call, CallCause } from './auction/types.ts';
export type { CauseOfAccount, ExternalCause } from './causes.ts';
export type { CoreConfig, RateLimit } from './config.ts';
export type { MarketParams } from './params.ts';

/** Medians of a report whose quorum somebody has verified already: a DecodedReport fits. */
export type CoreReport = Observation;

/** Everything that can happen to the exchange. `at` is venue time and never decreases. */
export type Command = { readonly at: Seconds } & (
  | {
      readonly type: 'order';
      readonly order: SignedOrder;
      readonly clientId?: string;
      /** hashStruct(order), if the caller has computed it; the core does when it must. */
      readonly hash?: Hex;
    }
  | {
      readonly type: 'cancel';
      readonly account: AccountId;
      readonly lane: Lane;
      /** Kills every order of the lane up to this seq, coming ones too; without: what rests. */
      readonly seq?: Seq;
      readonly clientId?: string;
    }
  | { readonly type: 'cancelAll'; readonly account: AccountId; readonly clientId?: string }
  | { readonly type: 'report'; readonly report: CoreReport; readonly raw: Hex }
  | { readonly type: 'open'; readonly account: AccountId; readonly owner: Hex }
  | {
      /** A chain effect that no own batch caused. Additive; negative amounts undo it (reorg). */
      readonly type: 'external';
      readonly account: AccountId;
      readonly cashDelta: CashQ32;
      readonly sizes: readonly (readonly [MarketId, Lots])[];
      readonly cause: ExternalCause;
      readonly block: number;
      /**
       * Change of the vault's liabilities that goes with it, quote units. Default: the whole
       * cashDelta for deposit and withdraw, 0 for the rest (whose deltas sum to 0 over accounts).
       */
      readonly liabilityDelta?: Quote;
    }
  | {
      readonly type: 'session';
      readonly account: AccountId;
      readonly key: Hex;
      /** 0 revokes. */
      readonly expiry: Seconds;
      /** Without one, as in older journals: no limit. */
      readonly scope?: SessionScope;
    }
  | {
      /** `cancelLane` on chain: kills every order of the lane with a seq up to this one. */
      readonly type: 'laneCancelled';
      readonly account: AccountId;
      readonly lane: Lane;
      readonly seq: Seq;
    }
  | { readonly type: 'epoch'; readonly account: AccountId; readonly epoch: Epoch }
  | { readonly type: 'leverage'; readonly account: AccountId; readonly initialPpm: Ppm }
  | { readonly type: 'params'; readonly market: MarketId; readonly params: MarketParams }
  | {
      readonly type: 'breaker';
      /** 0 the venue, 1 + market id one market. */
      readonly scope: number;
      readonly level: number;
      readonly until: Seconds;
    }
  | {
      /** Guardians let an account only reduce, until then; 0 ends it. */
      readonly type: 'bar';
      readonly account: AccountId;
      readonly until: Seconds;
    }
  | {
      readonly type: 'deadman';
      readonly account: AccountId;
      /** All orders are cancelled at this time; 0 switches it off. */
      readonly until: Seconds;
    }
  | {
      readonly type: 'batch';
      readonly number: number;
      readonly fillIds: readonly number[];
      readonly reportRound: Round | null;
    }
  | {
      readonly type: 'confirmed';
      /** The batch, or null for a report that was pushed without one. */
      readonly number: number | null;
      /** The last round that the chain had accepted then; default the batch's reportRound. */
      readonly round?: Round;
      readonly indexes: readonly (readonly [MarketId, FundingIndex])[];
    }
  | {
      readonly type: 'unwind';
      readonly fillIds: readonly number[];
      readonly reason: string;
      /** Accounts that lose all their resting orders; default: only the unwound orders' rests. */
      readonly culprits?: readonly AccountId[];
    }
  | {
      /** The protocol sells of an account below maintenance into the book. */
      readonly type: 'seize';
      readonly account: AccountId;
      readonly market: MarketId;
    }
  | {
      /** What the operator wants of auctions. */
      readonly type: 'auctions';
      /** 0 the venue, 1 + market id one market, whose own policy counts for it alone. */
      readonly scope: number;
      /** null takes it away again. */
      readonly policy: AuctionPolicy | null;
    }
  | {
      /** The operator's: begins a call, or sets the end of one anew. */
      readonly type: 'call';
      readonly market: MarketId;
      /** From now; 0 ends it at once. */
      readonly seconds: number;
    }
  | { readonly type: 'tick' }
);

export type CommandType = Command['type'];
export type CommandOf<T extends CommandType> = Extract<Command, { readonly type: T }>;

/** One side of a fill. */
export type FillSide = {
  readonly account: AccountId;
  readonly lane: Lane;
  readonly seq: Seq;
  /** hashStruct(Order). */
  readonly hash: Hex;
  readonly isBuy: boolean;
  /** Lots that this order has filled, after this fill. */
  readonly filled: Lots;
};

export type FillEvent = {
  readonly type: 'fill';
  /** Global, from 1, without gaps. */
  readonly id: number;
  readonly market: MarketId;
  readonly price: Ticks;
  readonly lots: Lots;
  readonly maker: FillSide;
  readonly taker: FillSide;
  readonly makerFee: Quote;
  readonly takerFee: Quote;
  /** Funding index that both sides' cash assumed. */
  readonly index: FundingIndex;
  /** Round of the report in force. */
  readonly round: Round;
  readonly at: Seconds;
};

/** Reference to an order in an event. */
export type OrderRef = {
  readonly account: AccountId;
  readonly market: MarketId;
  readonly lane: Lane;
  readonly seq: Seq;
};

type Client = { readonly clientId?: string };

export type EventBody =
  | ({
      readonly type: 'accepted';
      readonly command: 'order';
      /** Lots that rest after matching. */
      readonly resting: Lots;
      readonly filled: Lots;
    } & OrderRef &
      Client)
  | ({
      readonly type: 'rejected';
      readonly command: CommandType;
      readonly account?: AccountId;
      readonly lane?: Lane;
      readonly seq?: Seq;
    } & Rejection &
      Client)
  | FillEvent
  | ({
      /** Lots that died: all that was left, or a part (`remaining` > 0, the order lives on). */
      readonly type: 'cancelled';
      readonly lots: Lots;
      readonly remaining: Lots;
      readonly reason: string;
    } & OrderRef &
      Client)
  | ({ readonly type: 'expired'; readonly lots: Lots } & OrderRef)
  | {
      readonly type: 'report';
      readonly round: Round;
      readonly time: Seconds;
      readonly quotes: readonly {
        readonly market: MarketId;
        readonly price: Ticks;
        readonly mark: Ticks;
        readonly rate: PpmPerDay;
        readonly index: FundingIndex;
      }[];
    }
  | {
      /** An account after a change that no fill of this command explains. */
      readonly type: 'account';
      readonly account: AccountId;
      readonly cause: ExternalCause | CauseOfAccount;
      readonly cashQ32: CashQ32;
      readonly sizes: readonly (readonly [MarketId, Lots])[];
    }
  | ({ readonly type: 'cancelAll'; readonly account: AccountId; readonly count: number } & Client)
  | ({
      readonly type: 'laneCancelled';
      readonly account: AccountId;
      readonly lane: Lane;
      readonly upTo: Seq;
    } & Client)
  | { readonly type: 'params'; readonly market: MarketId; readonly params: MarketParams }
  | { readonly type: 'breaker'; readonly scope: number; level: number; until: Seconds }
  | { readonly type: 'bar'; readonly account: AccountId; readonly until: Seconds }
  | { readonly type: 'auctions'; readonly scope: number; readonly policy: AuctionPolicy | null }
  | ({ readonly type: 'call'; readonly market: MarketId } & Call)
  | {
      /** A call has ended: its fills follow, and continuous matching after them. */
      readonly type: 'auction';
      readonly market: MarketId;
      /** Ticks; 0 if nothing traded. */
      readonly price: number;
      readonly lots: number;
      /** Lots bid for and offered at the price. */
      readonly bid: number;
      readonly offered: number;
    }
  | { readonly type: 'batch'; readonly number: number; readonly fillIds: readonly number[] }
  | { readonly type: 'confirmed'; readonly number: number | null; fillIds: readonly number[] }
  | { readonly type: 'unwound'; readonly fillIds: readonly number[]; readonly reason: string };

/** `eventSeq` counts all events from 1, without gaps. */
export type CoreEvent = EventBody & { readonly eventSeq: number };

/** A lane: the highest seq that the core has taken, its filled lots, its resting order. */
export type LaneState = { seq: Seq; filled: Lots; resting: Resting | undefined };

/** Resting lots of one account in one market, by side; `reduce…` counts reduce-only ones. */
export type OpenSums = { buys: number; sells: number; reduceBuys: number; reduceSells: number };

/** Token bucket. `milli` are thousandths of a token, `carry` is volume not yet worth one. */
export type Bucket = { milli: number; at: Seconds; carry: bigint };

export type AccountState = {
  readonly id: AccountId;
  readonly owner: Hex;
  epoch: Epoch;
  cash: CashQ32;
  /** Only non-zero sizes. */
  readonly positions: Map<MarketId, Lots>;
  /** By key. */
  readonly sessions: Map<Hex, SessionGrant>;
  readonly lanes: Map<Lane, LaneState>;
  /** Only markets with resting orders. */
  readonly open: Map<MarketId, OpenSums>;
  /** Σ Resting.reserve: fees and losses at the limit that the resting orders could cost. */
  reserved: bigint;
  openCount: number;
  readonly bucket: Bucket;
  deadman: Seconds;
  /** Initial margin that the owner demands of itself; 0: none. */
  userPpm: Ppm;
  /** Round in which a fill last grew a position: see `judge` in margin.ts. */
  grewRound: number;
  /** Kept between orders, never in a snapshot: see valuation.ts. */
  sums: Sums | undefined;
};

export type MarketState = {
  readonly id: MarketId;
  params: MarketParams;
  /** Index price; 0 before the first report. */
  price: number;
  /** Mark price, as accepted; 0 before the first report. */
  mark: number;
  priceTime: Seconds;
  priceRound: Round;
  rate: PpmPerDay;
  index: FundingIndex;
  fundingTime: Seconds;
  /** Σ longs. */
  openInterest: number;
  /** Lowest and highest Σ longs since what the chain has confirmed: see interest.ts. */
  interestLow: number;
  interestHigh: number;
  /** Index after each of the last rounds, oldest first: what batches in flight assumed. */
  readonly indexes: { round: Round; index: FundingIndex }[];
  readonly book: Book;
  /** undefined: matching is continuous. */
  call: Call | undefined;
  /** Whether a breaker held it last; kept only while auctions are in use. */
  tripped: boolean;
  /** Kept between orders, never in a snapshot: see valuation.ts. */
  valued: Valued | undefined;
};

/** A fill that the chain has not confirmed, with all that settling or reversing it needs. */
export type UnconfirmedFill = {
  readonly id: number;
  readonly market: MarketId;
  readonly price: Ticks;
  readonly lots: Lots;
  readonly maker: SignedOrder;
  readonly taker: SignedOrder;
  readonly makerFee: Quote;
  readonly takerFee: Quote;
  index: FundingIndex;
  /** Round of the report in force: a batch never spans two rounds. */
  readonly round: Round;
  readonly at: Seconds;
  /** Number of the sealed batch that carries it, or null. */
  batch: number | null;
};

export type BatchState = {
  readonly number: number;
  readonly fillIds: readonly number[];
  readonly reportRound: Round | null;
};

/** Breaker entry, effective while at < until. */
export type BreakerEntry = { level: number; until: Seconds };

export type State = {
  readonly config: CoreConfig;
  at: Seconds;
  readonly accounts: Map<AccountId, AccountState>;
  readonly markets: Map<MarketId, MarketState>;
  readonly breakers: Map<number, BreakerEntry>;
  /** Accounts that may only reduce, each until then; also of accounts that are not known here. */
  readonly barred: Map<AccountId, Seconds>;
  /** In order of id. */
  readonly unconfirmed: Map<number, UnconfirmedFill>;
  readonly batches: Map<number, BatchState>;
  /** Whole quote units that the vault owes. */
  liabilities: bigint;
  /** Parts of a chain effect whose other parts have not arrived: 0 between whole effects. */
  readonly suspense: { cash: bigint; readonly sizes: Map<MarketId, number> };
  round: Round;
  reportTime: Seconds;
  /** Placed orders so far: time priority. */
  placed: number;
  fills: number;
  events: number;
  /** No resting order expires, no dead-man switch falls before these. */
  nextExpiry: number;
  nextDeadman: number;
  /** By scope, as breakers are. */
  readonly auctions: Map<number, AuctionPolicy>;
  /** No call ends, no breaker that counts for one ends before these; follow from the rest. */
  nextCall: number;
  nextLift: number;
  /** Accounts with resting orders, and with a dead-man switch: what has to be asked at all. */
  readonly resting: Set<AccountId>;
  readonly armed: Set<AccountId>;
};

export type Applied = { readonly state: State; readonly events: readonly CoreEvent[] };
