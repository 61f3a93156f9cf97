/** Turns logs into commands for the core, and into the commands that take them back. Pure. */
import type { Command, MarketParams } from '@holdfast/core';
import {
  accountId,
  cashQ32,
  epoch,
  fundingIndex,
  type Hex,
  invariant,
  lane,
  lots,
  marketId,
  ppm,
  ppmPerDay,
  quote,
  round,
  seconds,
  seq,
  ticks,
} from '@holdfast/units';
import { type AccountDelta, deltasOf } from './deltas.ts';
import type { ChainEvent, PlacedEvent } from './events.ts';
import type { Mirror, MirrorSession, Undo } from './mirror.ts';

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;
/** A command that has not got its venue time yet. */
export type Draft = WithoutTime<Command>;
/** Why the chain moved an account. */
export type Cause = Extract<Command, { type: 'external' }>['cause'];

/** Causes of `Touched` by number: the library `Causes` on chain. */
export const causes: readonly (Cause | undefined)[] = [
  undefined,
  'liquidation',
  'backstop',
  'deleveraging',
  'levy',
  'transfer',
  'forced',
  'exit',
  'trigger',
  'refund',
];

/** Commands for a log, and those that undo it. */
export type Effect = { readonly drafts: readonly Draft[]; readonly inverse: readonly Draft[] };

const nothing: Effect = { drafts: [], inverse: [] };

/** One exact movement of an account as a command. */
export function externalDraft(
  delta: AccountDelta,
  cause: Cause,
  block: number,
  liability?: bigint,
): Draft {
  return {
    type: 'external',
    account: accountId(delta.account),
    cashDelta: cashQ32(delta.cash),
    sizes: [...delta.sizes].map(([market, size]) => [marketId(market), lots(size)] as const),
    cause,
    block,
    ...(liability === undefined ? {} : { liabilityDelta: quote(liability) }),
  };
}

/** The opposite movement. */
export function negated(delta: AccountDelta): AccountDelta {
  const sizes = new Map([...delta.sizes].map(([market, size]) => [market, -size] as const));
  return { account: delta.account, cash: -delta.cash, sizes };
}

/** Movements as commands, with their opposites. */
export function movements(
  deltas: readonly AccountDelta[],
  cause: Cause,
  block: number,
  liability = 0n,
): Effect {
  return {
    drafts: deltas.map((delta) => externalDraft(delta, cause, block, liability)),
    inverse: deltas.map((delta) => externalDraft(negated(delta), 'reorg', block, -liability)),
  };
}

function rowBefore<T>(entries: Undo, table: string): T | undefined {
  return entries.find((entry) => entry.table === table)?.before as T | undefined;
}

function reportDrafts(
  event: Extract<ChainEvent, { type: 'Refreshed' }>,
  knownRound: number,
  raw: Hex,
): Draft[] {
  const drafts: Draft[] = [];
  if (event.round > knownRound) {
    const quotes = event.quotes.map((row) => ({
      market: marketId(row.market),
      price: ticks(row.price),
      mark: ticks(row.mark),
      rate: ppmPerDay(row.rate),
    }));
    const report = { round: round(event.round), time: seconds(event.time), quotes };
    drafts.push({ type: 'report', report, raw });
  }
  const indexes = event.quotes.map(
    (row) => [marketId(row.market), fundingIndex(row.indexAfter)] as const,
  );
  drafts.push({ type: 'confirmed', number: null, round: round(event.round), indexes });
  return drafts;
}

/** Only these fields: a params command must not carry what the decoder may add. */
function paramsDraft(market: number, params: MarketParams): Draft {
  return { type: 'params', market: marketId(market), params };
}

/**
 * The effect of a log that was just applied to the mirror with `entries` overwritten. `Settled` is
 * not for this function: what it means depends on our own batches.
 *
 * @param knownRound the newest round that the core has
 */
export function effectOf(
  mirror: Mirror,
  placed: PlacedEvent,
  entries: Undo,
  block: number,
  knownRound: number,
): Effect {
  const { event } = placed;
  switch (event.type) {
    case 'AccountOpened': {
      const owner = event.owner as Hex;
      return {
        drafts: [{ type: 'open', account: accountId(event.account), owner }],
        inverse: [],
      };
    }
    case 'Deposited':
      return movements(deltasOf(mirror, entries), 'deposit', block, event.quote);
    case 'Withdrawn':
      return movements(deltasOf(mirror, entries), 'withdraw', block, -event.quote);
    case 'Touched': {
      const cause = causes[event.cause];
      invariant(cause !== undefined, `accounts were touched for a cause ${event.cause}`);
      return movements(deltasOf(mirror, entries), cause, block);
    }
    case 'Levied':
      return movements(deltasOf(mirror, entries), 'levy', block);
    case 'Refreshed':
      return { drafts: reportDrafts(event, knownRound, placed.report ?? '0x'), inverse: [] };
    case 'Settled':
    case 'VenueSet':
    case 'Tightened':
    case 'Halted':
    case 'Cleared':
    case 'Barred':
      // The breaker's effect depends on time: see breakerDrafts.
      return nothing;
    default:
      return ruleEffect(event, entries);
  }
}

type RuleEvent = Extract<
  ChainEvent,
  { type: 'SessionSet' | 'LaneCancelled' | 'AllCancelled' | 'LeverageSet' | 'MarketSet' }
>;

function ruleEffect(event: RuleEvent, entries: Undo): Effect {
  switch (event.type) {
    case 'SessionSet': {
      const key = event.key as Hex;
      const set = ({ expiry, scope }: MirrorSession): Draft => ({
        type: 'session',
        account: accountId(event.account),
        key,
        expiry: seconds(expiry),
        scope,
      });
      const before = rowBefore<MirrorSession>(entries, 'sessions');
      return {
        drafts: [set(event)],
        inverse: [set(before ?? { expiry: 0, scope: event.scope })],
      };
    }
    case 'LaneCancelled':
      // A cancel that a reorganisation takes back stays a cancel: nobody wants the order revived.
      return {
        drafts: [
          {
            type: 'laneCancelled',
            account: accountId(event.account),
            lane: lane(event.lane),
            seq: seq(event.seq),
          },
        ],
        inverse: [],
      };
    case 'AllCancelled': {
      const set = (value: number): Draft => ({
        type: 'epoch',
        account: accountId(event.account),
        epoch: epoch(value),
      });
      const before = rowBefore<{ epoch: number }>(entries, 'accounts')?.epoch ?? 0;
      return { drafts: [set(event.epoch)], inverse: [set(before)] };
    }
    case 'LeverageSet': {
      const set = (value: number): Draft => ({
        type: 'leverage',
        account: accountId(event.account),
        initialPpm: ppm(value),
      });
      const before = rowBefore<{ userPpm: number }>(entries, 'accounts')?.userPpm ?? 0;
      return { drafts: [set(event.initialPpm)], inverse: [set(before)] };
    }
    case 'MarketSet': {
      const before = rowBefore<MarketParams>(entries, 'params');
      const drafts = [paramsDraft(event.market, event.params as MarketParams)];
      return { drafts, inverse: before === undefined ? [] : [paramsDraft(event.market, before)] };
    }
  }
}
