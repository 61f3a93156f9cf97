import { deepEqual, equal, ok } from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Order, ServerFrame } from '@holdfast/order';
import type { Client } from '@holdfast/sdk';
import { type Hex, isRejection } from '@holdfast/units';
import { privateKeyToAccount } from 'viem/accounts';
import { applyEvent, emptyBook } from '../src/book.ts';
import type { PoolInfo } from '../src/contract.ts';
import { createDesk } from '../src/desk.ts';
import type { Followed } from '../src/follow.ts';
import { openJournal } from '../src/journal.ts';
import { type MemberOrder, orderForm, poolDomain, poolTypes } from '../src/terms.ts';
import { market } from './market.ts';

const pool: Hex = `0x${'11'.repeat(20)}`;
const info = { chainId: 31_337, pool, account: 9, markets: [0] } as unknown as PoolInfo;
const alice = privateKeyToAccount(`0x${'a1'.repeat(32)}`);
const operator = privateKeyToAccount(`0x${'b2'.repeat(32)}`);

function followed(cash = 1_000): Followed {
  const book = emptyBook();
  applyEvent(book, { type: 'joined', address: operator.address, key: 1n });
  applyEvent(book, { type: 'joined', address: alice.address, key: 2n });
  applyEvent(book, { type: 'market', market: 0, to: market });
  applyEvent(book, { type: 'flow', member: 1, quote: BigInt(cash) * 1_000_000n });
  const filled = new Map<string, number>();
  const rest = {
    epochs: new Map(),
    shared: [],
    coveredQuote: 0n,
    lapsedTime: 0,
    block: 1,
    blockHash: '0x' as Hex,
  };
  return { book, filled, freshUntil: 2_000, ...rest };
}

const plain: MemberOrder = {
  member: alice.address,
  market: 0,
  isBuy: true,
  size: 100,
  price: 1_000_000,
  timeInForce: 0,
  postOnly: false,
  expiry: 1_500,
  nonce: 1,
};

const sign = (order: MemberOrder, who = alice, at = pool): Promise<Hex> =>
  who.signTypedData({
    domain: poolDomain(31_337, at),
    types: { MemberOrder: poolTypes.MemberOrder },
    primaryType: 'MemberOrder',
    message: { ...order, size: BigInt(order.size), nonce: BigInt(order.nonce) },
  });

type Rig = {
  desk: ReturnType<typeof createDesk>;
  state: Followed;
  path: string;
  sent: { lane: number; seq: number; reduceOnly: boolean; expiry: number }[];
  now: { at: number };
  again(): Rig;
};

async function rig(body: (r: Rig) => Promise<void>, state = followed()): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'pool-desk-'));
  const open = (): Rig => {
    const path = join(dir, 'orders.jsonl');
    const journal = openJournal(path);
    const sent: Rig['sent'] = [];
    const now = { at: 1_000 };
    const place = async (input: never) => {
      const { reduceOnly, expiry } = input as { reduceOnly: boolean; expiry: number };
      const order = { lane: 3, seq: sent.length + 1 } as unknown as Order;
      await desk.beforeSend(order, input);
      sent.push({ lane: 3, seq: sent.length + 1, reduceOnly, expiry });
      return { status: 'accepted', lane: 3, seq: sent.length, clientId: '1', receipt: 1 };
    };
    const client = () => ({ place }) as unknown as Client;
    const desk = createDesk({ info, journal, now: () => now.at, state: () => state, client });
    return { desk, state, path, sent, now, again: open };
  };
  try {
    await body(open());
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const codeOf = (result: unknown): string | undefined =>
  isRejection(result) ? result.code : undefined;

describe('the desk', () => {
  it('passes an order on once, however often it comes', () =>
    rig(async ({ desk, sent, again }) => {
      const signature = await sign(plain);
      const [first, second] = await Promise.all([
        desk.place(plain, signature),
        desk.place(plain, signature),
      ]);
      deepEqual(first, second);
      equal(sent.length, 1);
      // Nor after a restart, nor as another order under the same number.
      const next = again();
      deepEqual(await next.desk.place(plain, signature), first);
      const other = { ...plain, size: 1 };
      equal(codeOf(await next.desk.place(other, await sign(other))), 'NonceUsed');
      equal(next.sent.length, 0);
    }));

  it('knows after a kill whose a lane was, also one that was never answered', () =>
    rig(async ({ desk, path, again }) => {
      await desk.place(plain, await sign(plain));
      // Killed between the lane and the answer, in the middle of a line.
      const text = readFileSync(path, 'utf8');
      const lines = text.split('\n').filter((line) => !line.includes('"answer"'));
      rmSync(path);
      appendFileSync(path, `${lines.join('\n')}{"type":"ans`);
      const next = again();
      equal(next.desk.ownerOf(3, 1), 1);
      equal(next.desk.ownerOf(3, 2), undefined);
      equal(next.desk.openOf(alice.address)[0]?.lots, 100);
      ok(!readFileSync(path, 'utf8').includes('"ans'));
    }));

  it('refuses what the member did not sign', () =>
    rig(async ({ desk, sent }) => {
      const signature = await sign(plain);
      const changes: Partial<MemberOrder>[] = [
        { isBuy: false },
        { size: 101 },
        { price: 1_000_001 },
        { timeInForce: 1 },
        { postOnly: true },
        { expiry: 1_501 },
        { nonce: 2 },
        { member: operator.address },
      ];
      for (const change of changes) {
        const result = await desk.place({ ...plain, ...change }, signature);
        equal(codeOf(result), 'SignatureWrong', JSON.stringify(change));
      }
      const elsewhere = await sign(plain, alice, `0x${'22'.repeat(20)}`);
      equal(codeOf(await desk.place(plain, elsewhere)), 'SignatureWrong');
      equal(codeOf(await desk.place(plain, '0x12')), 'SignatureWrong');
      equal(sent.length, 0);
    }));

  it('refuses terms that mean nothing', () =>
    rig(async ({ desk }) => {
      const changes: Partial<MemberOrder>[] = [
        { size: 0 },
        { size: 1.5 },
        { price: 0 },
        { nonce: 0 },
        { timeInForce: 1, postOnly: true },
      ];
      for (const change of changes) {
        equal(codeOf(await desk.place({ ...plain, ...change }, '0x')), 'OrderMalformed');
      }
      equal(codeOf(await desk.place({ ...plain, market: 1 }, '0x')), 'MarketUnknown');
    }));

  it('counts open orders and what has matched but not settled', () =>
    rig(async ({ desk, state }) => {
      // 100 lots are 10,000 tokens and need 500; there are 1,000.
      const second = { ...plain, nonce: 2 };
      const third = { ...plain, nonce: 3 };
      await desk.place({ ...plain, size: 90 }, await sign({ ...plain, size: 90 }));
      equal(
        codeOf(await desk.place({ ...second, size: 90 }, await sign({ ...second, size: 90 }))),
        undefined,
      );
      equal(codeOf(await desk.place(third, await sign(third))), 'MarginShort');
      // The first is over without a fill: its margin is free.
      const ended = { op: 'order', account: 9, lane: 3, seq: 1, status: 'cancelled', filled: 0 };
      desk.onFrame(ended as unknown as ServerFrame);
      const small = { ...plain, nonce: 4, size: 50 };
      equal(codeOf(await desk.place(small, await sign(small))), undefined);
      // What the chain has settled is in the position, not in the order.
      state.filled.set('3:2', 90);
      equal(
        desk.openOf(alice.address).reduce((sum, { lots }) => sum + lots, 0),
        50,
      );
    }));

  it('takes only what reduces once the proof is old', () =>
    rig(async ({ desk, state, now, sent }) => {
      applyEvent(state.book, {
        type: 'fills',
        fills: [{ member: 1, market: 0, lots: 50, price: 1_000_000, role: 'taker' }],
      });
      const long = { ...plain, expiry: 9_000, size: 10 };
      await desk.place(long, await sign(long));
      // An order that may add risk ends with the proof.
      deepEqual(sent.at(-1), { lane: 3, seq: 1, reduceOnly: false, expiry: 2_000 });
      now.at = 1_999;
      const more = { ...long, nonce: 2 };
      equal(codeOf(await desk.place(more, await sign(more))), 'PoolStale');
      const less = { ...long, nonce: 3, isBuy: false, size: 50 };
      equal(codeOf(await desk.place(less, await sign(less))), undefined);
      equal(sent.at(-1)?.reduceOnly, true);
      const flip = { ...long, nonce: 4, isBuy: false, size: 1 };
      equal(codeOf(await desk.place(flip, await sign(flip))), 'PoolStale');
      state.lapsedTime = 5;
      const late = { ...long, nonce: 5 };
      equal(codeOf(await desk.place(late, await sign(late))), 'PoolLapsed');
    }));
});

describe('forms', () => {
  it('an order’s is 95 bytes with the terms as the packed order has them', () => {
    const order = { ...plain, account: 9, lane: 3, seq: 7, epoch: 2, reduceOnly: true } as never;
    const bytes = orderForm(order, new Uint8Array(64).fill(5));
    equal(bytes.length, 95);
    equal(
      Buffer.from(bytes.slice(0, 31)).toString('hex'),
      [
        '00',
        '00000009',
        '0003',
        '00000007',
        '00',
        '03',
        '0000000064',
        '000f4240',
        '00000005dc',
        '00000002',
      ].join(''),
    );
  });
});
