/** The settler against the real contracts: load, reorganisations, restarts, refusals, attacks. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { sleep } from '@holdfast/host';
import { createRig, type Rig } from './harness/settle-rig.ts';

const users = 4;
let rig: Rig;
type Settler = ReturnType<Rig['settler']>;

/** Waits; prices keep coming meanwhile, as they would. */
async function until(what: string, done: () => boolean | Promise<boolean>, ms = 40_000) {
  const end = Date.now() + ms;
  for (let i = 1; !(await done()); i++) {
    if (i % 40 === 0) newPrices();
    assert.deepEqual(rig.halts, [], what);
    assert(Date.now() < end, `timed out: ${what}, at ${JSON.stringify(seen)}`);
    await sleep(50);
  }
}

let seen: unknown;
const quiet = (settler: Settler) => () => {
  seen = settler.status();
  const { pendingFills, queued, inflight } = settler.status();
  return rig.core.unconfirmed.size === 0 && pendingFills + queued === 0 && inflight === null;
};

/** The chain's own numbers, to the unit. */
async function assertEqualToChain(): Promise<void> {
  for (let id = 0; id < 2 + users; id++) {
    const [, cash, , positions] = await rig.reader.readContract({
      ...rig.house,
      functionName: 'account',
      args: [id],
    });
    const account = rig.core.accounts.get(id as never);
    assert.equal(account?.cash, cash, `cash of account ${id}`);
    const held = new Map(positions.map(({ market, size }) => [market, Number(size)]));
    assert.deepEqual(new Map(account?.positions), held, `positions of account ${id}`);
  }
}

let turn = 0;
/** One trade at the index price between two neighbours. */
function trade(lots = 3): void {
  turn += 1;
  const market = turn % 2;
  const price = rig.core.markets.get(market as never)?.price ?? 0;
  rig.order(turn % users, true, market, lots, price);
  rig.order((turn + 1 + (turn % 3)) % users, false, market, lots, price);
}

function newPrices(): void {
  const wave = turn % 7;
  rig.report([600_000 + wave * 20, 300_000 - wave * 10]);
}

before(async () => {
  rig = await createRig(18_845 + (process.pid % 1_000), users);
  for (let i = 0; i < users; i++) await rig.fund(i, 1_000_000);
});

after(async () => {
  await rig?.end();
});

afterEach(() => rig.clear());

type Told = ReturnType<Rig['tell']>;

/** Orders of everybody that cross each other, around a market's price. */
function crowd(market: number): void {
  const price = rig.core.markets.get(market as never)?.price ?? 0;
  const span = Math.floor(price / 500);
  for (let i = 0; i < 24; i++) {
    const isBuy = i % users < users / 2;
    const away = Math.floor((span * ((i * 7) % 24)) / 24) - Math.floor(span / 3);
    rig.order(i % users, isBuy, market, 1 + (i % 5), price + (isBuy ? away : -away), {
      lane: 32 * market + i,
    });
  }
}

/** What an auction of these events traded: all at its price, within every limit. */
function judgeAuction(told: Told, market: number): number {
  const auction = told.find((event) => event.type === 'auction' && event.market === market);
  assert(auction?.type === 'auction' && auction.lots > 0, 'no auction traded');
  let lots = 0;
  for (const event of told) {
    if (event.type !== 'fill' || event.market !== market) continue;
    assert.equal(event.price, auction.price);
    lots += event.lots;
    const { maker, taker } = rig.core.unconfirmed.get(event.id) ?? {};
    for (const order of [maker, taker]) {
      assert(order && (order.isBuy ? order.price >= event.price : order.price <= event.price));
    }
  }
  assert.equal(lots, auction.lots);
  return lots;
}

describe('settlement', { concurrency: false }, () => {
  it('takes the auctions with which a venue opens and reopens, at one price each', async () => {
    const settler = rig.settler();
    await settler.start();
    rig.tell([
      { type: 'auctions', scope: 0, policy: { openSeconds: 600, reopenSeconds: 0 } },
      { type: 'auctions', scope: 2, policy: { openSeconds: 600, reopenSeconds: 600 } },
    ]);
    newPrices();
    const collecting = () => [...rig.core.markets.values()].map(({ call }) => call !== undefined);
    assert.deepEqual(collecting(), [true, true]);
    for (const market of [0, 1]) crowd(market);
    assert.equal(rig.core.fills, 0);
    let lots = 0;
    for (const market of [0, 1]) {
      lots += judgeAuction(rig.tell([{ type: 'call', market, seconds: 0 }]), market);
    }
    await until('the opening is settled', quiet(settler));
    const trip = { type: 'breaker', scope: 0, level: 1, until: rig.clock.now() + 600 };
    rig.tell([trip]);
    rig.tell([{ ...trip, level: 0, until: 0 }]);
    assert.deepEqual(collecting(), [false, true]);
    newPrices();
    rig.tell([1, 2, 3, 4].map((i) => ({ type: 'cancelAll', account: 1 + i })));
    crowd(1);
    lots += judgeAuction(rig.tell([{ type: 'call', market: 1, seconds: 0 }]), 1);
    await until('the reopening is settled', quiet(settler));
    await assertEqualToChain();
    assert.deepEqual(rig.unwound, []);
    assert(lots > 40, `${lots} lots`);
    rig.tell([0, 2].map((scope) => ({ type: 'auctions', scope, policy: null })));
    rig.tell([1, 2, 3, 4].map((i) => ({ type: 'cancelAll', account: 1 + i })));
    await settler.stop();
  });

  it('takes the chain as it is, settles trades, and agrees to the unit', async () => {
    const settler = rig.settler();
    await settler.start();
    assert.equal(settler.status().state, 'following', settler.status().summary);
    newPrices();
    for (let i = 0; i < 40; i++) {
      trade();
      if (i % 10 === 0) newPrices();
      await sleep(50);
    }
    await until('all settled', quiet(settler));
    await assertEqualToChain();
    const { batchNumber, audits } = settler.status();
    assert(batchNumber >= 2 && audits >= 1, `${batchNumber} batches, ${audits} audits`);
    assert.deepEqual(rig.unwound, []);
    await settler.stop();
  });

  it('survives reorganisations of depth 3 under load', async () => {
    const settler = rig.settler();
    await settler.start();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 15; i++) {
        trade();
        if (i % 6 === 0) newPrices();
        await sleep(60);
      }
      await rig.miner.pause(true);
      await rig.raw('anvil_reorg', [3, []]);
      await rig.miner.pause(false);
    }
    newPrices();
    await until('all settled after reorganisations', quiet(settler));
    assert(settler.status().reorgs >= 3, `saw ${settler.status().reorgs} reorganisations`);
    await assertEqualToChain();
    await settler.stop();
  });

  it('goes on after a restart with batches under way, and settles nothing twice', async () => {
    const first = rig.settler({ drainMs: 0 });
    await first.start();
    await rig.miner.pause(true);
    newPrices();
    for (let i = 0; i < 10; i++) trade();
    await until('a batch is in flight', () => first.status().inflight !== null);
    await first.stop();
    await rig.miner.pause(false);
    await sleep(700);
    for (let i = 0; i < 5; i++) trade();
    const second = rig.settler();
    await second.start();
    assert.equal(second.status().state, 'following', second.status().summary);
    await until('all settled after a restart', quiet(second));
    await assertEqualToChain();
    await second.stop();
  });

  it('brings back what a chain that fell back to an old state has lost', async () => {
    const settler = rig.settler();
    await settler.start();
    await rig.miner.pause(true);
    const snapshot = await rig.raw('evm_snapshot', []);
    await rig.miner.pause(false);
    newPrices();
    for (let i = 0; i < 20; i++) {
      trade();
      await sleep(80);
    }
    await until('all settled before the fall', quiet(settler));
    const { batchNumber } = settler.status();
    await rig.miner.pause(true);
    await rig.raw('evm_revert', [snapshot]);
    await rig.miner.pause(false);
    await until('the fall was seen', () => settler.status().reorgs > 0);
    await until('all settled again', () => {
      return settler.status().batchNumber >= batchNumber && quiet(settler)();
    });
    await sleep(2_000);
    await assertEqualToChain();
    await settler.stop();
  });

  it('keeps going through a dead RPC and says so', async () => {
    const settler = rig.settler();
    await settler.start();
    rig.broken.rpc = true;
    newPrices();
    trade();
    await until('the RPC is seen to be dead', () => !settler.status().rpc.ok);
    assert.match(settler.status().summary, /does not answer/);
    rig.broken.rpc = false;
    await until('all settled after the RPC came back', quiet(settler));
    assert(settler.status().rpc.ok);
    await assertEqualToChain();
    await settler.stop();
  });

  it('unwinds exactly the fill that the chain refuses, with its reason', async () => {
    const settler = rig.settler();
    await settler.start();
    newPrices();
    // User 0 cancels everything on chain while a fill of an old epoch is on its way.
    await rig.miner.pause(true);
    const before = rig.unwound.length;
    trade();
    await until('the first batch is in flight', () => settler.status().inflight !== null);
    const price = rig.core.markets.get(0 as never)?.price ?? 0;
    rig.order(0, true, 0, 2, price);
    rig.order(1, false, 0, 2, price);
    rig.order(2, true, 0, 5, price);
    rig.order(3, false, 0, 5, price);
    const [bad, good] = [...rig.core.unconfirmed.keys()].slice(-2);
    const cancelled = rig.cancelAll(0);
    await rig.miner.pause(false);
    await cancelled;
    await until('the fill is unwound', () => rig.unwound.length > before);
    await until('the rest is settled', quiet(settler));
    const gone = rig.unwound.slice(before).flatMap(({ ids }) => ids);
    assert(gone.includes(bad as number), `unwound ${gone}, wanted ${bad}`);
    assert(!gone.includes(good as number));
    assert.equal(rig.unwound.at(-1)?.code, 'SignatureWrong');
    await assertEqualToChain();
    await settler.stop();
  });

  it('sends full batches on top of each other, and lands them in one block', async () => {
    const settler = rig.settler({ fillsMax: 3 });
    await settler.start();
    newPrices();
    trade();
    await until('settled before', quiet(settler));
    const { batchNumber } = settler.status();
    await rig.miner.pause(true);
    newPrices();
    for (let i = 0; i < 11; i++) trade();
    await until('a flight is complete', () => settler.status().inflight?.batches === 3);
    await sleep(500);
    assert.equal(settler.status().inflight?.batches, 3, 'no more than three');
    const height = await rig.reader.getBlockNumber();
    await rig.miner.mine();
    await until('the flight has landed', () => settler.status().batchNumber >= batchNumber + 3);
    assert.equal(await rig.reader.getBlockNumber(), height + 1n);
    await rig.miner.pause(false);
    await until('all settled', quiet(settler));
    // Eleven fills: the last two are no full batch and wait for the flight to land.
    assert.equal(settler.status().batchNumber, batchNumber + 4);
    await assertEqualToChain();
    await settler.stop();
  });

  it('makes a flight again in order when its first transaction is pushed aside', async () => {
    const settler = rig.settler({ fillsMax: 3 });
    await settler.start();
    await rig.miner.pause(true);
    newPrices();
    const before = rig.unwound.length;
    for (let i = 0; i < 9; i++) trade();
    await until('a flight is complete', () => settler.status().inflight?.batches === 3);
    await rig.supplant();
    await rig.miner.pause(false);
    await until('all settled', quiet(settler));
    assert.equal(rig.unwound.length, before);
    await assertEqualToChain();
    await settler.stop();
  });

  it('settles all of a flight after a restart in the middle of it', async () => {
    const first = rig.settler({ fillsMax: 3, drainMs: 0 });
    await first.start();
    await rig.miner.pause(true);
    newPrices();
    for (let i = 0; i < 9; i++) trade();
    await until('a flight is complete', () => first.status().inflight?.batches === 3);
    const { batchNumber } = first.status();
    await first.stop();
    const second = rig.settler({ fillsMax: 3 });
    await second.start();
    await sleep(500);
    await rig.miner.pause(false);
    await until('all settled after a restart', quiet(second));
    assert.equal(second.status().batchNumber, batchNumber + 3);
    await assertEqualToChain();
    await second.stop();
  });

  it('halts with the place of the difference when the core is off by one unit', async () => {
    const settler = rig.settler();
    await settler.start();
    const account = rig.core.accounts.get(2 as never);
    assert(account !== undefined);
    account.cash = (account.cash + 1n) as typeof account.cash;
    const end = Date.now() + 20_000;
    while (rig.halts.length === 0 && Date.now() < end) await sleep(50);
    assert.match(rig.halts[0] ?? '', /cash of account 2/);
    assert.equal(settler.status().state, 'halted');
    await settler.stop();
  });
});
