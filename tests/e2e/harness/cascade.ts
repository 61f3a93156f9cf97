/** A venue of 500 accounts and 10 markets on a bare chain, without a node: contracts alone. */

import assert from 'node:assert/strict';
import { clearingHouseAbi } from '@holdfast/abi';
import { actOf, createMirror, findVictims, isHelpable, type Mirror } from '@holdfast/keeper';
import type { Order } from '@holdfast/order';
import {
  drawnAt,
  liquidationTerms,
  type MarketContext,
  marketContext,
  type Payment,
  type RiskAccount,
  speedLots,
} from '@holdfast/risk';
import {
  accountId,
  firstFundAccount,
  firstUserAccount,
  fundAccount,
  insuranceAccount,
  isRejection,
  type MarketId,
} from '@holdfast/units';
import { type Address, encodeFunctionData, type Hex, parseEventLogs } from 'viem';
import {
  artifact,
  type Chain,
  deployer,
  send,
  startChain,
  transact,
} from '../../../tools/gas/chain.ts';
import {
  call,
  deployVenue,
  fund,
  openAccount,
  ownerOf,
  parameters,
  report,
  settle,
  type Venue,
} from '../../../tools/gas/venue.ts';
import { expectedFall, nobody } from './fall.ts';

export const marketsCount = 10;
const accountsCount = 500;
const unit = 1_000_000n;
const startPrice = 1_000_000;

const params = {
  ...parameters,
  bandPpm: 500_000,
  priceAgeSecondsMax: 7_200,
  openInterestLowPpm: 1_000_000,
  openInterestHighPpm: 1_000_000,
  concentrationPpm: 0,
  concentrationCapPpm: 0,
  liquidationPartPpm: 250_000,
  coverSharePpm: 250_000,
  backstopLotsMax: 5_000,
};

/** What a replay did. */
export type Tally = {
  liquidations: number;
  resolutions: number;
  toBackstop: number;
  deleveraged: number;
  toFund: number;
  /** Lots that left accounts in the waterfall; the three above must sum to it. */
  needed: number;
  covered: bigint;
  levied: bigint;
  /** Payments of funds, each compared with what the contract counts in the hour. */
  payments: number;
  refusals: Map<string, number>;
  /** Accounts compared with the formulas after resolutions. */
  compared: number;
};

export type Cascade = {
  readonly venue: Venue;
  readonly mirror: Mirror;
  readonly keeper: number;
  readonly backstop: number;
  prices: number[];
  readonly tally: Tally;
  /** Second at which an account was flagged. */
  readonly since: Map<number, number>;
  /** What funds paid, by account. */
  readonly payments: Map<number, Payment[]>;
};

/** What a liquidation in the next block must do, by the formulas in TypeScript. */
function expected(c: Cascade, account: number, market: MarketId) {
  const state = c.mirror.accounts.get(accountId(account)) as RiskAccount;
  const size = Math.abs(state.positions.get(market) ?? 0);
  const since = c.since.get(account) ?? 0;
  const elapsed = since === 0 ? 0 : c.venue.chain.time - since;
  const allowed = speedLots(size, params.liquidationPartPpm);
  const of = (id: MarketId): MarketContext => contextOf(c)(id) as MarketContext;
  const terms = liquidationTerms(state, market, of, { allowed, elapsed });
  if (isRejection(terms)) return { account, refused: terms.code };
  const { price, penalty, reward } = terms;
  return { account, size: Number(terms.size), price, penalty, reward };
}

/** Liquidates, and compares with the formulas to the unit. */
async function liquidate(c: Cascade, args: readonly unknown[]): Promise<void> {
  const wanted = expected(c, Number(args[0]), args[1] as MarketId);
  const logs = await act(c, 'liquidate', args, ownerOf(c.venue, c.keeper));
  for (const log of parseEventLogs({ abi: clearingHouseAbi, logs, eventName: 'Liquidated' })) {
    const { account, size, price, penalty, reward } = log.args;
    const found = { account, size: Number(size), price, penalty, reward };
    assert.deepEqual(found, wanted, 'contract and formulas differ');
  }
}

/** Resolves, and compares every account with the formulas to the unit, or the refusals. */
async function resolve(c: Cascade, args: readonly unknown[]): Promise<void> {
  const [account, market, list] = args as [number, MarketId, readonly number[]];
  const { time } = c.venue.chain;
  const own = fundAccount(market);
  const paid = (fund: number): bigint => drawnAt(c.payments.get(fund) ?? [], time);
  const wanted = expectedFall(c.mirror, account, market, list, {
    marketOf: (id) => contextOf(c)(id) as MarketContext,
    coverSharePpm: params.coverSharePpm,
    drawn: { own: paid(own), shared: paid(insuranceAccount) },
    backstopLotsMax: params.backstopLotsMax,
    backstop: accountId(c.backstop),
  });
  let logs: Awaited<ReturnType<typeof act>>;
  try {
    logs = await act(c, 'resolve', args);
  } catch (error) {
    if (!('refused' in wanted)) throw error;
    assert.match(String(error), new RegExp(wanted.refused), 'contract and formulas differ');
    throw error;
  }
  assert.ok('rows' in wanted, `the formulas refuse account ${account}: ${wanted.refused}`);
  const [log] = parseEventLogs({ abi: clearingHouseAbi, logs, eventName: 'Resolved' });
  assert.ok(log);
  const { toBackstop, toCounterparties, toFund, covered, levied } = log.args;
  const told = { toBackstop, toCounterparties, toFund, covered, levied };
  assert.deepEqual(told, wanted.told, 'contract and formulas differ');
  await compareDraws(
    c,
    new Map([
      [own, wanted.ownCovered as bigint],
      [insuranceAccount, covered - (wanted.ownCovered as bigint)],
    ]),
  );
  for (const [id, row] of wanted.rows) {
    const found = c.mirror.accounts.get(accountId(id)) ?? nobody;
    const size = found.positions.get(market) ?? 0;
    assert.equal(`${found.cash}/${size}`, row, `account ${id} after ${account} was resolved`);
  }
  c.tally.compared += wanted.rows.size;
}

/** Takes up what funds paid in the last block, and compares what counts in the hour. */
async function compareDraws(c: Cascade, paid: ReadonlyMap<number, bigint>): Promise<void> {
  const time = c.venue.chain.time - 1;
  for (const [fund, amount] of paid) {
    if (amount === 0n) continue;
    const all = [...(c.payments.get(fund) ?? []), { time, amount }];
    c.payments.set(fund, all);
    assert.equal(await read(c, 'drawn', [fund]), drawnAt(all, time), `draws of fund ${fund}`);
    c.tally.payments += 1;
  }
}

/** Sends a call and lets the mirror follow its logs. */
async function act(c: Cascade, name: string, args: readonly unknown[], from: Address = deployer) {
  const data = encodeFunctionData({ abi: artifact('IVenue').abi, functionName: name, args });
  const abi = artifact('IVenue').abi;
  const { logs } = await send(c.venue.chain, { from, to: c.venue.clearingHouse, data, abi });
  c.mirror.apply(logs);
  for (const log of parseEventLogs({ abi: clearingHouseAbi, logs, eventName: 'Flagged' })) {
    c.since.set(log.args.account, log.args.since);
  }
  for (const log of parseEventLogs({ abi: clearingHouseAbi, logs, eventName: 'Resolved' })) {
    c.since.delete(log.args.account);
    const { toBackstop, toCounterparties, toFund, covered, levied, size } = log.args;
    c.tally.toBackstop += toBackstop;
    c.tally.deleveraged += toCounterparties;
    c.tally.toFund += toFund;
    c.tally.needed += Math.abs(Number(size));
    c.tally.covered += covered;
    c.tally.levied += levied;
  }
  return logs;
}

/** Logs since the beginning, when something was sent past {@link act}. */
async function readAll(c: Cascade): Promise<void> {
  const logs = await c.venue.chain.client.getLogs({
    address: c.venue.clearingHouse,
    fromBlock: 0n,
    toBlock: 'latest',
  });
  c.mirror.apply(logs);
}

const order = (account: number, market: number, isBuy: boolean, size: number, lane: number) =>
  ({
    account,
    market,
    isBuy,
    size,
    price: startPrice,
    timeInForce: 0,
    reduceOnly: false,
    postOnly: false,
    expiry: 1_950_001_234,
    lane,
    seq: 1,
    epoch: 0,
  }) as Order;

/** Pairs of accounts trade with each other: 2 to 18 times levered, half of them in two markets. */
async function trade(venue: Venue, ids: readonly number[]): Promise<void> {
  const fills = [];
  for (let i = 0; i + 1 < ids.length; i += 2) {
    const size = 100 * (2 + ((i * 7) % 15));
    const market = (i / 2) % marketsCount;
    const [a, b] = [ids[i] as number, ids[i + 1] as number];
    const up = (i / 2) % 3 !== 0;
    fills.push({ a, b, market, size, up, lane: 1 });
    if (i % 4 === 0) fills.push({ a, b, market: (market + 3) % 10, size: 100, up: !up, lane: 2 });
  }
  const prices = Array.from({ length: marketsCount }, () => startPrice);
  for (let at = 0; at < fills.length; at += 50) {
    const some = fills.slice(at, at + 50).map(({ a, b, market, size, up, lane }) => ({
      maker: order(a, market, up, size, lane),
      taker: order(b, market, !up, size, lane),
      lots: size,
      price: startPrice,
    }));
    const orders = some.flatMap(({ maker, taker }) => [maker, taker]);
    await settle(venue, orders, some, prices);
  }
}

async function seedBackstop(venue: Venue, amount: bigint): Promise<void> {
  const stop = { name: 'Backstop', address: venue.backstop };
  const token = { name: 'TestToken', address: venue.token };
  await transact(venue.chain, stop, 'openPool', [0]);
  await transact(venue.chain, token, 'approve', [venue.backstop, amount]);
  await transact(venue.chain, stop, 'deposit', [0, amount]);
}

/** Starts a chain with everybody in place. */
export async function setStage(): Promise<Cascade> {
  const chain: Chain = await startChain();
  const venue = await deployVenue(
    chain,
    Array.from({ length: marketsCount }, () => params),
  );
  await fund(venue, 10n ** 15n);
  const ids: number[] = [];
  for (let i = 0; i <= accountsCount; i += 1) ids.push(await openAccount(venue));
  const keeper = ids[accountsCount] as number;
  const { token } = venue;
  for (const id of ids) await call(venue, 'deposit', [token, id, 10_000n * unit]);
  await call(venue, 'deposit', [token, keeper, 5_000_000n * unit]);
  await call(venue, 'deposit', [token, 0, 20_000n * unit]);
  for (let m = 0; m < marketsCount; m += 1) {
    await call(venue, 'deposit', [token, firstFundAccount + m, 5_000n * unit]);
  }
  await seedBackstop(venue, 100_000n * unit);
  await trade(venue, ids.slice(0, accountsCount));
  const tally: Tally = {
    liquidations: 0,
    resolutions: 0,
    toBackstop: 0,
    deleveraged: 0,
    toFund: 0,
    needed: 0,
    covered: 0n,
    levied: 0n,
    payments: 0,
    refusals: new Map(),
    compared: 0,
  };
  const prices = Array.from({ length: marketsCount }, () => startPrice);
  const backstop = accountsCount + 1 + firstUserAccount;
  const cascade = {
    venue,
    mirror: createMirror(),
    keeper,
    backstop,
    prices,
    tally,
    since: new Map(),
    payments: new Map(),
  };
  await readAll(cascade);
  return cascade;
}

/** Moves the prices toward a target, each report inside the band. */
export async function moveTo(c: Cascade, target: readonly number[]): Promise<void> {
  for (let i = 0; i < 6; i += 1) {
    c.prices = c.prices.map((price, m) => {
      const wanted = Math.max(1_000, target[m] as number);
      return Math.round(Math.min(price * 1.45, Math.max(price * 0.55, wanted)));
    });
    await act(c, 'push', [report(c.venue, c.prices)]);
    if (c.prices.every((price, m) => price === Math.max(1_000, target[m] as number))) break;
  }
  // The mark is at the edge of its clamp now, and comes 1 % nearer with each report.
  for (let i = 0; i < 3; i += 1) await act(c, 'push', [report(c.venue, c.prices)]);
}

const contextOf = (c: Cascade) => (id: MarketId) => {
  const mark = c.mirror.marks.get(id);
  if (mark === undefined) return undefined;
  return marketContext(params, { price: mark.mark, index: mark.index, openInterest: 0 });
};

/** Keepers do what they can until nobody needs them. */
export async function relieve(c: Cascade): Promise<void> {
  const spare = (id: number): boolean => id < firstUserAccount || id === c.keeper;
  for (let round = 0; round < 40; round += 1) {
    const victims = findVictims(c.mirror, contextOf(c), spare).filter(isHelpable);
    if (victims.length === 0) return;
    let helped = 0;
    for (const victim of victims) {
      const { name, args } = actOf(c.mirror, victim, c.keeper);
      try {
        if (name === 'resolve') {
          await resolve(c, [...args, '0x']);
          c.tally.resolutions += 1;
        } else {
          await liquidate(c, [...args, '0x']);
          c.tally.liquidations += 1;
        }
        helped += 1;
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        const why = String(error).replace(/^Error: transaction reverted: /, '');
        const reason = why.replace(/\(.*/s, '');
        c.tally.refusals.set(reason, (c.tally.refusals.get(reason) ?? 0) + 1);
      }
    }
    if (helped === 0) return;
  }
}

/** Accounts still below maintenance that somebody could help. */
export const inNeed = (c: Cascade): number =>
  findVictims(c.mirror, contextOf(c), (id) => id < firstUserAccount || id === c.keeper).filter(
    isHelpable,
  ).length;

/** Equity of an account at the last prices, quote units, as the contract says. */
export async function equityOf(c: Cascade, id: number): Promise<bigint> {
  const [equity] = (await read(c, 'health', [id])) as [bigint];
  return equity;
}

/** A view of the clearing house. */
export const read = (c: Cascade, functionName: string, args: readonly unknown[]) =>
  c.venue.chain.client.readContract({
    address: c.venue.clearingHouse,
    abi: artifact('IVenue').abi,
    functionName,
    args: [...args],
  });

/** What the vault owes, quote units. */
export async function liabilities(c: Cascade): Promise<bigint> {
  const { abi } = artifact('Vault');
  const at = { address: c.venue.vault, abi, functionName: 'liabilities', args: [] } as const;
  return (await c.venue.chain.client.readContract(at)) as bigint;
}

/** Σ cash of all accounts as the logs tell it, Q32. */
export const cashOf = (c: Cascade): bigint =>
  [...c.mirror.accounts.values()].reduce((sum, { cash }) => sum + cash, 0n);

/** Accounts whose cash the chain's view tells otherwise than the logs. */
export async function differing(c: Cascade, ids: readonly number[]): Promise<number[]> {
  const wrong: number[] = [];
  for (const id of ids) {
    const [, cash] = (await read(c, 'account', [id])) as [Hex, bigint];
    if (cash !== (c.mirror.accounts.get(accountId(id))?.cash ?? 0n)) wrong.push(id);
  }
  return wrong;
}

/** Prices of the markets at a step. */
export const targetOf = (step: readonly number[]): number[] =>
  step.map((part) => Math.max(1_000, Math.round(part * startPrice)));
