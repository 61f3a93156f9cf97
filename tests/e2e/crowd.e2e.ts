/** The settler and a market whose margin grows: no batch may add much, and every fill settles. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { sleep } from '@holdfast/host';
import { createRig, type Rig } from './harness/settle-rig.ts';

/** Several fills may add five lots of a hundred at once, from the first lot on. */
const terms = { openInterestMax: 100, openInterestLowPpm: 0, openInterestHighPpm: 1_000_000 };
const market = 0;
let rig: Rig;
type Settler = ReturnType<Rig['settler']>;

before(async () => {
  rig = await createRig(20_845 + (process.pid % 1_000), 4, ['BTC-USD'], terms);
  for (let i = 0; i < 4; i++) await rig.fund(i, 1_000_000);
});

after(async () => {
  await rig?.end();
});

afterEach(() => rig.clear());

/** User `a` buys of user `b`. */
function trade(a: number, b: number, lots: number): void {
  const price = rig.core.markets.get(market as never)?.price ?? 0;
  rig.order(b, false, market, lots, price);
  rig.order(a, true, market, lots, price);
}

async function settled(settler: Settler): Promise<void> {
  const end = Date.now() + 40_000;
  for (;;) {
    const { pendingFills, queued, inflight, summary } = settler.status();
    const waiting = rig.core.unconfirmed.size + pendingFills + queued;
    if (waiting === 0 && inflight === null) return;
    assert.deepEqual(rig.halts, []);
    assert(Date.now() < end, `${waiting} fills still wait: ${summary}`);
    await sleep(50);
  }
}

async function interest(): Promise<bigint> {
  const call = { ...rig.house, functionName: 'market', args: [market] } as const;
  return (await rig.reader.readContract(call))[2];
}

describe('settlement of a crowd', { concurrency: false }, () => {
  it('cuts what it sends by what it adds, in flight too, and unwinds nothing', async () => {
    const settler = rig.settler();
    await settler.start();
    rig.report([600_000]);
    trade(0, 2, 1);
    await settled(settler);
    const { batchNumber } = settler.status();
    const open = await interest();
    await rig.miner.pause(true);
    rig.report([600_010]);
    for (let i = 0; i < 10; i++) trade(i % 2, 2 + (i % 2), 2);
    const end = Date.now() + 20_000;
    while ((settler.status().inflight?.batches ?? 0) < 3) {
      assert(Date.now() < end, 'no flight of three batches');
      await sleep(50);
    }
    await rig.miner.pause(false);
    await settled(settler);
    assert.equal((await interest()) - open, 20n);
    // Two fills of two lots each, since three would add six.
    assert.equal(settler.status().batchNumber, batchNumber + 5);
    assert.deepEqual(rig.unwound, []);
    await settler.stop();
  });

  it('lets a large fill go alone, and what closes go together', async () => {
    const settler = rig.settler();
    await settler.start();
    const { batchNumber } = settler.status();
    const open = await interest();
    await rig.miner.pause(true);
    rig.report([600_020]);
    trade(0, 2, 1);
    trade(0, 2, 30);
    trade(0, 2, 1);
    await rig.miner.pause(false);
    await settled(settler);
    assert.equal((await interest()) - open, 32n);
    assert.equal(settler.status().batchNumber, batchNumber + 3);
    await rig.miner.pause(true);
    rig.report([600_030]);
    for (let i = 0; i < 6; i++) trade(2, 0, 5);
    await rig.miner.pause(false);
    await settled(settler);
    assert.equal((await interest()) - open, 2n);
    assert.equal(settler.status().batchNumber, batchNumber + 4);
    assert.deepEqual(rig.unwound, []);
    await settler.stop();
  });
});
