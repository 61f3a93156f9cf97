import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isProtocol, packOrder, unpackOrder } from '@holdfast/order';
import { type AccountId, accountId, toHex, toQ32 } from '@holdfast/units';
import { seizures, watchSeizures } from '../src/seize.ts';
import { alice, bob, type Fixture, makeOrder, makeReport, START, withNode } from './fixture.ts';

/** Alice is long and Bob short 100 lots at 1,000,000 ticks: 10,000 quote tokens each way. */
async function trade({ parts }: Fixture): Promise<void> {
  const orders = [
    makeOrder(bob.secret, { account: 3 as AccountId, isBuy: false, size: 100 as never }),
    makeOrder(alice.secret, { size: 100 as never }),
  ];
  await place(parts, ...orders);
}

async function place({ engine }: Fixture['parts'], ...packed: Uint8Array[]): Promise<void> {
  const inputs = packed.map((bytes) => {
    const order = unpackOrder(bytes);
    assert.ok('account' in order && order.signature instanceof Uint8Array);
    assert.deepEqual(packOrder(order), bytes);
    return { type: 'order' as const, order: { ...order, epoch: 0 } as never };
  });
  const outcomes = await engine.submit(inputs);
  const refused = outcomes.flatMap(({ events }) => events.filter((e) => e.type === 'rejected'));
  assert.deepEqual(refused, []);
}

async function report(node: Fixture, price: number): Promise<void> {
  node.advance(1);
  const raw = makeReport(node.parts.clock.now(), price);
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ report: toHex(raw) });
  const response = await fetch(`${node.url}/v1/reports`, { method: 'POST', headers, body });
  assert.equal(response.status, 200, await response.text());
}

async function settled({ parts }: Fixture): Promise<void> {
  // The look after a report waits one turn of the event loop before it asks.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await parts.engine.idle();
}

const sizeOf = ({ parts }: Fixture, id: number): number =>
  parts.engine.state.accounts.get(accountId(id))?.positions.get(0 as never) ?? 0;

/** Leaves the account 3.5 % of its notional at 1,000,000 ticks: initial margin is 5 %. */
async function impoverish({ parts }: Fixture, id: number): Promise<void> {
  await parts.engine.submit([
    {
      type: 'external',
      account: accountId(id),
      cashDelta: toQ32(-9_645_000_000n as never),
      sizes: [],
      cause: 'withdraw',
      block: 2,
    },
  ]);
}

describe('the node’s book stage', () => {
  it('sells after the report that put an account in need', () =>
    withNode(async (node) => {
      await trade(node);
      await impoverish(node, 2);
      watchSeizures(node.parts);
      await report(node, 999_000);
      await settled(node);
      assert.equal(sizeOf(node, 2), 100, 'not in need yet');
      const bid = { account: 3 as AccountId, size: 60 as never, price: 992_000 as never };
      await place(node.parts, makeOrder(bob.secret, { ...bid, lane: 1 as never }));
      await report(node, 993_000);
      await settled(node);
      const sold = 100 - sizeOf(node, 2);
      assert.ok(sold > 0 && sold <= 60, `${sold} lots`);
      const taken = [...node.parts.engine.state.unconfirmed.values()].filter((fill) =>
        isProtocol(fill.taker),
      );
      assert.equal(taken.length, 1);
      assert.deepEqual(seizures(node.parts), [], 'what is not settled is not sold again');
    }));

  it('asks for nothing that the book would not take', () =>
    withNode(async (node) => {
      await trade(node);
      await impoverish(node, 2);
      await report(node, 993_000);
      assert.deepEqual(seizures(node.parts), []);
      const low = { account: 3 as AccountId, price: 950_000 as never, lane: 1 as never };
      await place(node.parts, makeOrder(bob.secret, low));
      assert.deepEqual(seizures(node.parts), []);
      const before = node.parts.engine.applied();
      watchSeizures(node.parts);
      await report(node, 993_001);
      await settled(node);
      assert.equal(node.parts.engine.applied(), before + 1, 'the report alone is in the journal');
    }));

  it('rests while the node is halted', () =>
    withNode(async (node) => {
      await trade(node);
      await impoverish(node, 2);
      const bid = { account: 3 as AccountId, price: 992_000 as never, lane: 1 as never };
      await place(node.parts, makeOrder(bob.secret, bid));
      node.halt('test');
      watchSeizures(node.parts);
      await node.parts.engine.submit([{ type: 'tick' }]);
      node.advance(1);
      const raw = makeReport(START + 3, 993_000);
      const quotes = [{ market: 0, price: 993_000, mark: 993_000, rate: 0 }];
      const inner = { round: START + 3, time: START + 3, quotes } as never;
      await node.parts.engine.submit([{ type: 'report', report: inner, raw: toHex(raw) }]);
      await settled(node);
      assert.equal(sizeOf(node, 2), 100);
      assert.equal(seizures(node.parts).length, 1, 'there was something to sell');
    }));
});
