/** What is measured: whole transactions in steady state, every slot used before, cold now. */
import { type Order, protocolOrder, wholeScope } from '@holdfast/order';
import { deployer, startChain, transact } from './chain.ts';
import { deployCommittees, measureCommittee } from './committee.ts';
import { measureRatchet, measureTrigger } from './conditional.ts';
import { measurePool } from './pool.ts';
import {
  call,
  deployVenue,
  fund,
  hourFloorQuote,
  openAccount,
  ownerOf,
  parameters,
  report,
  settle,
  type Venue,
} from './venue.ts';

const price = 1_000_000;
const deposit = 10_000_000_000n;
const lots = 10;

type Side = { account: number; lane: number };
export type Plan = { makers: readonly Side[]; takers: readonly Side[] };

/** n fills between 2n accounts, or between n takers and n resting orders of few makers. */
export function plan(ids: readonly number[], fills: number, lanesPerMaker: number): Plan {
  const makerCount = fills / lanesPerMaker;
  const makers = Array.from({ length: fills }, (_, i) => ({
    account: ids[Math.floor(i / lanesPerMaker)] as number,
    lane: 1 + (i % lanesPerMaker),
  }));
  const takers = ids.slice(makerCount, makerCount + fills);
  return { makers, takers: takers.map((account) => ({ account, lane: 1 })) };
}

/** Settles a plan once; `seq` makes every order new, sides alternate so that nobody grows. */
export function run(
  venue: Venue,
  { makers, takers }: Plan,
  seq: number,
  at: number,
): Promise<number> {
  const order = ({ account, lane }: Side, isBuy: boolean, resting: boolean): Order =>
    ({
      account,
      market: 0,
      isBuy,
      size: lots * 7,
      price: isBuy ? at + 1_003 : at - 1_003,
      timeInForce: resting ? 0 : 1,
      reduceOnly: false,
      postOnly: resting,
      expiry: 1_950_001_234,
      lane,
      seq: 1_000 + seq,
      epoch: 0,
    }) as Order;
  // Even rounds trade back a part, so that no position is zero before or after.
  const back = seq % 2 === 0;
  const amount = back ? lots - 3 : lots;
  const pairs = makers.map((maker, i) => ({
    maker: order(maker, back, true),
    taker: order(takers[i] as Side, !back, false),
    lots: amount,
    price: at + 17,
  }));
  const orders = pairs.flatMap((pair) => [pair.maker, pair.taker]);
  return settle(venue, orders, pairs, venue.markets === 1 ? at : Array(venue.markets).fill(at));
}

async function measureSettle(venue: Venue, chosen: Plan, first: number): Promise<number> {
  await run(venue, chosen, first, price);
  await run(venue, chosen, first + 1, price + 21);
  const gas = await run(venue, chosen, first + 2, price + 43);
  return Math.ceil(gas / chosen.takers.length);
}

/** An account 25 times levered, then the price falls: the keeper holds a position already. */
async function measureLiquidate(venue: Venue, keeper: number): Promise<number> {
  const poor = await openAccount(venue);
  await call(venue, 'deposit', [venue.token, poor, 56_000_000n]);
  const pair: Plan = {
    makers: [{ account: keeper, lane: 900 }],
    takers: [{ account: poor, lane: 900 }],
  };
  await run(venue, pair, 1, price);
  // The mark follows the index by 1 % for each report.
  for (let i = 0; i < 3; i += 1) await call(venue, 'push', [report(venue, price - 27_000)]);
  return call(venue, 'liquidate', [poor, 0, 0, keeper, '0x'], ownerOf(venue, keeper));
}

/** The same account sold into the book instead: a batch of one fill, of which it is the taker. */
async function measureSeizure(venue: Venue, maker: number): Promise<number> {
  const poor = await openAccount(venue);
  await call(venue, 'deposit', [venue.token, poor, 55_000_000n]);
  const pair: Plan = {
    makers: [{ account: maker, lane: 902 }],
    takers: [{ account: poor, lane: 902 }],
  };
  const now = price - 27_000;
  await run(venue, pair, 1, now);
  for (let i = 0; i < 3; i += 1) await call(venue, 'push', [report(venue, now - 27_000)]);
  const at = now - 27_000;
  const [market, expiry, epoch] = [0, 1_950_001_234, 0];
  const shared = { market, expiry, epoch, size: 1, price: at };
  const sold = protocolOrder({ ...shared, account: poor, isBuy: false, seq: 1 } as never);
  const bid = { account: maker, lane: 902, isBuy: true, seq: 1_002, timeInForce: 0 };
  const bought = { ...shared, ...bid, reduceOnly: false, postOnly: true } as Order;
  return settle(venue, [sold, bought], [{ maker: bought, taker: sold, lots: 1, price: at }], at);
}

/**
 * Bankrupt accounts, long against `shorts` accounts, resolved without insurance: each of those is
 * deleveraged at a loss.
 */
async function measureResolve(venue: Venue, makers: readonly number[]): Promise<number> {
  const poor = await openAccount(venue);
  await call(venue, 'deposit', [venue.token, poor, BigInt(makers.length) * 200_000_000n]);
  const pair: Plan = {
    makers: makers.map((account) => ({ account, lane: 901 })),
    takers: makers.map((_, lane) => ({ account: poor, lane: 901 + lane })),
  };
  const now = price - 27_000;
  await run(venue, pair, 1, now);
  for (const fall of [90_000, 170_000, 240_000, 240_000, 240_000, 240_000]) {
    await call(venue, 'push', [report(venue, now - fall)]);
  }
  return call(venue, 'resolve', [poor, 0, [...makers], '0x']);
}

/** A long that was opened for it; the keeper has traded the market before. */
async function measureConditional(venue: Venue, keeper: number): Promise<Record<string, number>> {
  const trader = await openAccount(venue);
  await call(venue, 'deposit', [venue.token, trader, deposit]);
  const pair: Plan = {
    makers: [{ account: keeper, lane: 800 }],
    takers: [{ account: trader, lane: 800 }],
  };
  await run(venue, pair, 1, price);
  const trigger = await measureTrigger(venue, trader, keeper, price);
  return { trigger, ratchet: await measureRatchet(venue, trader, price) };
}

/** A forced withdrawal after one before it, which used the same word of numbers. */
async function measureForced(venue: Venue, asker: number, taker: number) {
  const from = ownerOf(venue, asker);
  const queue = { name: 'ForcedQueue', address: venue.forcedQueue };
  const fee = { value: 10n ** 14n };
  const rich = [from, '0xde0b6b3a7640000'];
  await venue.chain.client.request({ method: 'anvil_setBalance', params: rich } as never);
  const ask = (fn: string, args: readonly unknown[]) =>
    transact(venue.chain, queue, fn, args, from, fee);
  await ask('requestWithdraw', [asker, 1_000_001n, from, 1n]);
  await call(venue, 'executeForced', [1n, 0, 0n, '0x']);
  const requestGas = await ask('requestWithdraw', [asker, 1_234_567n, from, 2n]);
  const withdraw = await call(venue, 'executeForced', [2n, 0, 0n, '0x']);
  // The part of a position that leaves both accounts with one, as most do.
  await ask('requestClose', [asker, 0, true, 1n, 0]);
  const owner = ownerOf(venue, taker);
  await call(venue, 'setSession', [taker, deployer, 2n ** 40n - 1n, wholeScope], owner);
  const close = await call(venue, 'executeForced', [3n, taker, 1n, '0x']);
  return { request: requestGas, withdraw, close };
}

/** The end: a request that nobody serves, the freeze, the reckoning, one account's exit. */
async function measureExit(venue: Venue, ids: readonly number[]) {
  const [asker, leaver] = ids as readonly [number, number];
  const from = ownerOf(venue, asker);
  const queue = { name: 'ForcedQueue', address: venue.forcedQueue };
  const fee = { value: 10n ** 14n };
  await transact(venue.chain, queue, 'requestCancelAll', [asker], from, fee);
  venue.chain.time += 7_201;
  await call(venue, 'freeze', []);
  const reckon = await call(venue, 'reckon', [100n]);
  await call(venue, 'reckon', [10_000n]);
  const owner = ownerOf(venue, leaver);
  const exit = await call(venue, 'exit', [leaver, owner], owner);
  return { reckon: Math.ceil(reckon / 100), exit };
}

/** A transfer, a withdrawal that is queued whole, and its release when the hour has passed. */
async function measureQueue(venue: Venue): Promise<Record<string, number>> {
  const whale = await openAccount(venue);
  const owner = ownerOf(venue, whale);
  const second = await openAccount(venue, owner);
  const rich = 4n * hourFloorQuote;
  await call(venue, 'deposit', [venue.token, whale, rich]);
  const move = (amount: bigint) => call(venue, 'transfer', [whale, second, amount, '0x'], owner);
  await move(1_000_001n);
  const transfer = await move(1_234_567n);
  // Less than half the hour's budget is not large; two and a bit fill what is open to all.
  const part = (hourFloorQuote * 2n) / 5n;
  const take = () => call(venue, 'withdraw', [whale, part, owner, '0x'], owner);
  for (let i = 0; i < 4; i += 1) await take();
  const queued = await take();
  venue.chain.time += 70 * 60;
  const release = () =>
    transact(venue.chain, { name: 'Vault', address: venue.vault }, 'release', [1n]);
  await release();
  return { transfer, 'withdraw.queued': queued, 'withdraw.release': await release() };
}

/** Gas by name, rounded up per fill for settlements. */
export async function measure(): Promise<Record<string, number>> {
  const chain = await startChain();
  try {
    const venue = await deployVenue(chain);
    await fund(venue, 10n ** 15n);
    const ids: number[] = [];
    for (let i = 0; i < 200; i += 1) ids.push(await openAccount(venue));
    for (const id of ids) await call(venue, 'deposit', [venue.token, id, deposit]);
    const result: Record<string, number> = {};
    result['settle.n100Distinct'] = await measureSettle(venue, plan(ids, 100, 1), 1);
    result['settle.n100Makers'] = await measureSettle(venue, plan(ids, 100, 10), 11);
    result['settle.n10'] = await measureSettle(venue, plan(ids, 10, 1), 21);
    result['settle.n1'] = await measureSettle(venue, plan(ids, 1, 1), 31);
    result.deposit = await call(venue, 'deposit', [venue.token, ids[5] as number, 1_234_567n]);
    const fifth = ids[5] as number;
    const owner = ownerOf(venue, fifth);
    await call(venue, 'withdraw', [fifth, 1_000_001n, owner, '0x'], owner);
    result.withdraw = await call(venue, 'withdraw', [fifth, 1_234_567n, owner, '0x'], owner);
    Object.assign(result, await measureConditional(venue, ids[11] as number));
    result.liquidate = await measureLiquidate(venue, ids[7] as number);
    result['settle.seizure'] = await measureSeizure(venue, ids[8] as number);
    Object.assign(result, await measureWaterfall());
    Object.assign(result, await measureQueue(venue));
    await call(venue, 'push', [report(venue, price - 27_000)]);
    const forced = await measureForced(venue, ids[103] as number, ids[104] as number);
    result['forced.request'] = forced.request;
    result['forced.withdraw'] = forced.withdraw;
    result['forced.close'] = forced.close;
    const leaving = await measureExit(venue, [ids[103] as number, ids[9] as number]);
    result['reckon.account'] = leaving.reckon;
    result.exit = leaving.exit;
    Object.assign(result, await measureCommittee(), await measureReported());
    Object.assign(result, await measurePool());
    return result;
  } finally {
    chain.process.kill('SIGKILL');
  }
}

/** One fill with a report of four markets, by three of five signatures and by a committee's. */
async function measureReported(): Promise<Record<string, number>> {
  const result: Record<string, number> = {};
  for (const by of ['quorum', 'committee']) {
    const chain = await startChain();
    try {
      const registry = by === 'committee' ? await deployCommittees(chain) : undefined;
      const venue = await deployVenue(chain, Array(4).fill(parameters), registry);
      await fund(venue, 10n ** 15n);
      const ids = [await openAccount(venue), await openAccount(venue)];
      for (const id of ids) await call(venue, 'deposit', [venue.token, id, deposit]);
      result[`settle.n1.4Markets.${by}`] = await measureSettle(venue, plan(ids, 1, 1), 1);
    } finally {
      chain.process.kill('SIGKILL');
    }
  }
  return result;
}

/** On a venue of its own: the list has to hold the whole other side of the market. */
async function measureWaterfall(): Promise<Record<string, number>> {
  const gas: number[] = [];
  for (const count of [1, 51]) {
    const chain = await startChain();
    try {
      const venue = await deployVenue(chain);
      await fund(venue, 10n ** 15n);
      const makers: number[] = [];
      for (let i = 0; i < count; i += 1) makers.push(await openAccount(venue));
      for (const id of makers) await call(venue, 'deposit', [venue.token, id, deposit]);
      gas.push(await measureResolve(venue, makers));
    } finally {
      chain.process.kill('SIGKILL');
    }
  }
  const [one = 0, many = 0] = gas;
  return { resolve: one, 'deleverage.perCounterparty': Math.ceil((many - one) / 50) };
}

/** Whoever deploys is the sequencer. */
export const sequencer = deployer;
