/** Raw logs to {@link ChainEvent}s by the contracts' own interfaces. Pure. */
import { breakerAbi, clearingHouseAbi, parametersAbi } from '@holdfast/abi';
import type { SessionScope } from '@holdfast/order';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { type Abi, decodeEventLog, decodeFunctionData } from 'viem';
import {
  type ChainEvent,
  decodeAccounts,
  decodeOrders,
  decodeQuotes,
  type MarketParams,
} from './events.ts';
import type { RawLog } from './rpc.ts';

/** The contracts whose logs make the mirror; lower case. */
export type Sources = {
  readonly clearingHouse: Hex;
  readonly breaker: Hex;
  readonly parameters: Hex;
};

type Args = Readonly<Record<string, unknown>>;

const num = (value: unknown): number => Number(value as bigint | number);
const text = (value: unknown): string => (value as string).toLowerCase();

function houseEvent(name: string, a: Args): ChainEvent | undefined {
  const account = num(a.account ?? 0);
  switch (name) {
    case 'AccountOpened':
      return { type: name, account, owner: text(a.owner) };
    case 'Deposited':
    case 'Withdrawn':
      return { type: name, account, quote: a.quote as bigint, cashAfter: a.cashAfter as bigint };
    case 'SessionSet':
      return {
        type: name,
        account,
        key: text(a.key),
        expiry: num(a.expiry),
        scope: a.scope as SessionScope,
      };
    case 'LaneCancelled':
      return { type: name, account, lane: num(a.lane), seq: num(a.seq) };
    case 'AllCancelled':
      return { type: name, account, epoch: num(a.epoch) };
    case 'LeverageSet':
      return { type: name, account, initialPpm: num(a.initialPpm) };
    case 'Refreshed': {
      const quotes = decodeQuotes(a.quotes as string);
      return { type: name, round: num(a.round), time: num(a.time), quotes };
    }
    case 'Settled':
      return {
        type: name,
        number: num(a.number),
        head: text(a.head) as Hex,
        accounts: decodeAccounts(a.accounts as string),
        orders: decodeOrders((a.orders ?? a.orders_) as string),
      };
    case 'VenueFrozen':
      throw new EnvironmentError(
        'VenueFrozen',
        `the venue was frozen for ever at ${num(a.time)}: nothing settles any more, ` +
          'and everybody leaves by the chain alone (holdfast exit)',
      );
    case 'Levied':
      return { type: name, market: num(a.market), perLot: a.perLotQ32 as bigint };
    case 'Touched':
      return { type: name, cause: num(a.cause), accounts: decodeAccounts(a.accounts as string) };
    default:
      return undefined;
  }
}

function paramsOf(value: unknown): MarketParams {
  const p = value as Record<keyof MarketParams, unknown>;
  return {
    tickValue: num(p.tickValue),
    initialPpm: num(p.initialPpm),
    maintenancePpm: num(p.maintenancePpm),
    takerFeePpm: num(p.takerFeePpm),
    makerFeePpm: num(p.makerFeePpm),
    priceAgeSecondsMax: num(p.priceAgeSecondsMax),
    bandPpm: num(p.bandPpm),
    fillBandPpm: num(p.fillBandPpm),
    fundingRatePpmMax: num(p.fundingRatePpmMax),
    openInterestMax: num(p.openInterestMax),
    openInterestLowPpm: num(p.openInterestLowPpm),
    openInterestHighPpm: num(p.openInterestHighPpm),
    concentrationPpm: num(p.concentrationPpm),
    concentrationCapPpm: num(p.concentrationCapPpm),
    isolated: num(p.isolated),
    markClampPpm: num(p.markClampPpm),
    fundingGapSecondsMax: num(p.fundingGapSecondsMax),
    liquidationPartPpm: num(p.liquidationPartPpm),
    coverSharePpm: num(p.coverSharePpm),
    backstopLotsMax: num(p.backstopLotsMax),
  };
}

function ruleEvent(name: string, a: Args): ChainEvent | undefined {
  switch (name) {
    case 'MarketChanged':
      return { type: 'MarketSet', market: num(a.market), params: paramsOf(a.params) };
    case 'VenueChanged': {
      const p = a.params as Args;
      return {
        type: 'VenueSet',
        sequencer: text(p.sequencer),
        quietSeconds: num(p.quietSeconds),
        reportSkewSecondsMax: num(p.reportSkewSecondsMax),
      };
    }
    case 'Tightened':
      return { type: name, scope: num(a.scope), level: num(a.level), until: num(a.until) };
    case 'Halted':
      return { type: name, scope: num(a.scope), since: num(a.since), until: num(a.until) };
    case 'Barred':
      return { type: name, accounts: (a.accounts as unknown[]).map(num), until: num(a.until) };
    case 'Cleared':
      return { type: name, scope: num(a.scope) };
    default:
      return undefined;
  }
}

function abiOf(sources: Sources, address: Hex): Abi | undefined {
  if (address === sources.clearingHouse) return clearingHouseAbi as Abi;
  if (address === sources.breaker) return breakerAbi as Abi;
  return address === sources.parameters ? (parametersAbi as Abi) : undefined;
}

/**
 * The event of a log, or undefined when it does not matter here.
 *
 * @throws EnvironmentError LogMalformed when the contracts are of another version
 */
export function decodeLog(sources: Sources, log: RawLog): ChainEvent | undefined {
  const abi = abiOf(sources, log.address);
  if (abi === undefined) return undefined;
  try {
    const topics = log.topics as [Hex, ...Hex[]];
    const decoded: { eventName?: unknown; args?: unknown } = decodeEventLog({
      abi,
      data: log.data,
      topics,
    });
    const values = (decoded.args ?? {}) as Args;
    const name = String(decoded.eventName);
    return log.address === sources.clearingHouse
      ? houseEvent(name, values)
      : ruleEvent(name, values);
  } catch (cause) {
    if (cause instanceof EnvironmentError) throw cause;
    throw new EnvironmentError(
      'LogMalformed',
      `a log of ${log.address} in block ${log.blockNumber} cannot be read: ` +
        'contracts and node are of different versions',
      { cause },
    );
  }
}

/** Operations whose last argument is a report, or empty. */
const reportCarriers: readonly string[] = [
  'push',
  'withdraw',
  'withdrawSigned',
  'transfer',
  'liquidate',
  'flag',
  'resolve',
  'unwind',
  'setLeverage',
  'trigger',
  'ratchet',
  'executeForced',
  'setAsideForced',
];

/** The report inside the calldata of a call to the clearing house, if there is one. */
export function reportOfCall(input: Hex): Hex | undefined {
  try {
    const call = decodeFunctionData({ abi: clearingHouseAbi as Abi, data: input });
    const { functionName, args } = call as unknown as {
      functionName: string;
      args?: readonly unknown[];
    };
    const list = args ?? [];
    if (functionName === 'settle') return (list[0] as { report: Hex }).report;
    const last = list[list.length - 1];
    const carries = reportCarriers.includes(functionName);
    return carries && typeof last === 'string' ? (last as Hex) : undefined;
  } catch {
    return undefined;
  }
}
