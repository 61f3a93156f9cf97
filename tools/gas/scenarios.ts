/** What is measured: whole transactions in steady state, every slot used before, cold now. */
import type { Order } from '@holdfast/order';
import { deployer, startChain } from './chain.ts';
import {
  call,
  deployVenue,
  fund,
  openAccount,
  ownerOf,
  report,
  settle,
  type Venue,
} from './venue.ts';

const price = 1_000_000;
const deposit = 10_000_000_000n;
const lots = 10;

type Side = { account: number; lane: number };
type Plan = { makers: readonly Side[]; takers: readonly Side[] };

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
  return settle(venue, orders, pairs, at);
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
  await call(venue, 'deposit', [venue.token, poor, 61_000_000n]);
  const pair: Plan = {
    makers: [{ account: keeper, lane: 900 }],
    takers: [{ account: poor, lane: 900 }],
  };
  await run(venue, pair, 1, price);
  await call(venue, 'deposit', [venue.token, 0, 1_000_000n]);
  await call(venue, 'push', [report(venue, price - 40_000)]);
  return call(venue, 'liquidate', [poor, 0, keeper, '0x'], ownerOf(venue, keeper));
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
    result.liquidate = await measureLiquidate(venue, ids[7] as number);
    return result;
  } finally {
    chain.process.kill('SIGKILL');
  }
}

/** Whoever deploys is the sequencer. */
export const sequencer = deployer;
