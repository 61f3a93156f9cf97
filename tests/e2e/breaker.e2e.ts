/**
 * The drill of the breaker: a quorum halts the venue, the market falls meanwhile, and the venue
 * comes back by itself: cancel-only, reduce-only in grace, liquidations, full. What must hold holds
 * at each step, and what must stay open stays open.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { breakerAbi, clearingHouseAbi, testTokenAbi, vaultAbi } from '@holdfast/abi';
import { sleep } from '@holdfast/host';
import { decodeEventLog, stringToHex } from 'viem';
import { createRig, type Rig } from './harness/settle-rig.ts';

const users = 4;
/** Venue seconds: four of them are one of the wall. */
const haltSeconds = 48;
const startPrice = 600_000;
/** User 3 is long nearly as much as its deposit carries; user 2 keeps. */
const [debtor, keeper] = [3, 2];

let rig: Rig;
let price = startPrice;
let settler: ReturnType<Rig['settler']>;

const breaker = (functionName: string, ...args: readonly unknown[]) =>
  ({ address: rig.venue.contracts.breaker, abi: breakerAbi, functionName, args }) as const;
const house = (functionName: string, ...args: readonly unknown[]) =>
  ({
    address: rig.venue.contracts.clearingHouse,
    abi: clearingHouseAbi,
    functionName,
    args,
  }) as const;

async function must(name: string, call: object): Promise<readonly { topics: readonly string[] }[]> {
  const hash = await rig.write(name).writeContract({ gas: 2_000_000n, ...call } as never);
  const { status, logs } = await rig.receiptOf(hash);
  assert.equal(status, 'success', name);
  return logs as never;
}

const ask = (call: object): Promise<unknown> => rig.reader.readContract(call as never);
const level = async (): Promise<number> => Number(await ask(breaker('level', 1)));

/** Why the chain would refuse it now; '' when it would not. */
async function refusal(name: string, call: object): Promise<string> {
  const { address } = rig.accountOf(name);
  try {
    await rig.reader.simulateContract({ ...call, account: address } as never);
    return '';
  } catch (error) {
    return (
      /reverted with[^:]*:\s*\n?\s*(\w+)|Error: (\w+)\(/.exec(String(error))?.[2] ?? `${error}`
    );
  }
}

const liquidation = () => house('liquidate', 2 + debtor, 0, 1, 2 + keeper, '0x');

async function pushed(next: number): Promise<void> {
  price = next;
  assert.equal(await rig.push(rig.report([price, 300_000])), 'success');
}

async function settled(): Promise<void> {
  const end = Date.now() + 20_000;
  while (rig.core.unconfirmed.size > 0) {
    assert.deepEqual(rig.halts, []);
    assert(Date.now() < end, settler.status().summary);
    await sleep(100);
  }
  assert.deepEqual(rig.unwound, []);
}

/** Codes of the refusals among the events of an order. */
const refusals = (events: readonly { type: string }[]): string[] =>
  events.flatMap((event) =>
    event.type === 'rejected' ? [(event as unknown as { code: string }).code] : [],
  );

/** Custody covers what is owed, positions sum to nothing, and the node has no difference. */
async function invariants(): Promise<void> {
  const { vault, token } = rig.venue.contracts;
  const erc20 = { address: token, abi: testTokenAbi, functionName: 'balanceOf', args: [vault] };
  const owed = { address: vault, abi: vaultAbi, functionName: 'liabilities' };
  const [held, owing] = (await Promise.all([ask(erc20), ask(owed)])) as [bigint, bigint];
  assert(held >= owing, 'custody is short');
  let sum = 0n;
  for (let id = 0; id < 2 + users; id++) {
    const [, , , positions] = (await ask(house('account', id))) as [
      unknown,
      unknown,
      unknown,
      readonly { market: number; size: bigint }[],
    ];
    for (const { market, size } of positions) if (market === 0) sum += size;
  }
  assert.equal(sum, 0n, 'positions do not sum to nothing');
  assert.deepEqual(rig.halts, []);
}

async function untilUnhealthy(): Promise<void> {
  for (let i = 0; i < 12; i++) {
    const [equity, , maintenance] = (await ask(house('health', 2 + debtor))) as [
      bigint,
      bigint,
      bigint,
    ];
    assert(equity > 0n, 'the fall was too deep');
    if (equity < maintenance) return;
    await pushed(Math.floor((price * 99) / 100));
  }
  assert.fail('the debtor is still healthy');
}

describe('a halt and the way back', { timeout: 110_000 }, () => {
  before(async () => {
    rig = await createRig(18_645 + (process.pid % 1_000), users);
    for (let i = 0; i < users; i++) await rig.fund(i, 1_000);
    settler = rig.settler();
    await settler.start();
    await pushed(startPrice);
    await sleep(600);
    for (const [seller, lots] of [
      [0, 115],
      [1, 115],
    ] as const) {
      rig.order(debtor, true, 0, lots, startPrice);
      rig.order(seller, false, 0, lots, startPrice);
    }
    await settled();
    // Near the edge, so that the halt need not be long.
    for (let i = 0; i < 2; i++) await pushed(Math.floor((price * 99) / 100));
  });
  after(async () => {
    await rig?.clear();
    await rig?.end();
  });

  it('is tripped by a quorum, with evidence on chain', async () => {
    const block = await rig.reader.getBlockNumber();
    const law = stringToHex('L03', { size: 32 });
    const evidence = { law, blockNumber: block, values: [7n, -7n] };
    const halt = breaker('tighten', 0, 3, BigInt(haltSeconds), evidence);
    await must('guardian1', halt);
    assert.equal(await level(), 0);
    const logs = await must('guardian2', halt);
    assert.equal(await level(), 3);
    const seen = logs.map((log) => decodeEventLog({ abi: breakerAbi, ...log } as never) as never);
    const left = (seen as { eventName: string; args: Record<string, unknown> }[]).find(
      ({ eventName }) => eventName === 'Evidenced',
    );
    assert.deepEqual(left?.args.values, [7n, -7n]);
    assert.equal(left?.args.law, law);
    // Again it is redundant, and a list of it reverts nothing.
    const entry = { scope: 0, level: 3, holdSeconds: 1, evidence };
    await must('guardian1', breaker('tightenMany', [entry, entry]));
    await invariants();
  });

  it('keeps top-ups, reduce-only and withdrawals open while it lasts', async () => {
    await sleep(800);
    assert.deepEqual(refusals(rig.order(0, false, 0, 1, price)), ['BreakerTripped']);
    rig.order(debtor, false, 0, 1, price, { reduceOnly: true });
    rig.order(0, true, 0, 1, price, { reduceOnly: true });
    await settled();
    await untilUnhealthy();
    assert.equal(await refusal(`user${keeper}`, liquidation()), 'BreakerTripped');
    assert.equal(await rig.withdraw(keeper, 1), 'success');
    await rig.fund(0, 1);
    await invariants();
  });

  it('comes back by itself, with no liquidation before the grace is over', async () => {
    const levels: number[] = [3];
    let wasLiquidated = false;
    const end = Date.now() + haltSeconds * 1_000;
    let reported = 0;
    while (levels.at(-1) !== 0) {
      assert(Date.now() < end, `${levels}`);
      // Prices stay usable all the while.
      if (Date.now() - reported > 1_500) {
        await pushed(price);
        reported = Date.now();
      }
      const before = await level();
      const says = await refusal(`user${keeper}`, liquidation());
      const now = await level();
      if (now !== levels.at(-1)) {
        levels.push(now);
        await invariants();
      }
      if (before >= 2 && now >= 2) assert.equal(says, 'BreakerTripped');
      if (before === 1 && now === 1 && !wasLiquidated) {
        assert.equal(says, '');
        await must(`user${keeper}`, liquidation());
        wasLiquidated = true;
      }
      await sleep(250);
    }
    assert.deepEqual(levels, [3, 2, 1, 0]);
    assert(wasLiquidated);
  });

  it('is a full venue again', async () => {
    await pushed(price);
    await sleep(1_500);
    rig.order(1, true, 0, 2, price);
    assert.deepEqual(refusals(rig.order(0, false, 0, 2, price)), []);
    await settled();
    await invariants();
  });
});
