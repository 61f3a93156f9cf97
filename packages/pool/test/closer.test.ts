import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, it } from 'node:test';
import { iConfidentialPoolAbi } from '@holdfast/abi';
import type { ChainReader } from '@holdfast/host';
import { type Hex, type Rejection, reject } from '@holdfast/units';
import { encodeAbiParameters, encodeEventTopics } from 'viem';
import { applyEvent } from '../src/book.ts';
import { type CloserDeps, createCloser, createSend } from '../src/closer.ts';
import type { ClosingStep } from '../src/closing-desk.ts';
import { createFollower, type Followed } from '../src/follow.ts';
import { addressOf, followed, info, mark, pool } from './closing-rig.ts';

type Call = Parameters<CloserDeps['send']>[0];
const tokens = (n: number): bigint => BigInt(n) * 1_000_000n;
const token: Hex = `0x${'77'.repeat(20)}`;

/** Member 1 is flat and owes 10 tokens, 0.15 and 0.4275 of fees. */
function owing(): Followed {
  const state = followed();
  const side = { member: 1, market: 0, lots: -10, price: 930_000, role: 'taker' } as const;
  applyEvent(state.book, { type: 'fills', fills: [side] });
  mark(state.book, 930_000);
  return state;
}
const owed = tokens(10) + 150_000n + 418_500n;

function closer(state: Followed, cover: bigint, close: () => ClosingStep | Rejection) {
  const calls: Call[] = [];
  const warned: object[] = [];
  const told: object[] = [];
  const waited: number[] = [];
  const refuse: { code?: string } = {};
  const made = createCloser({
    rules: { slipPpm: 10_000, coverQuote: cover },
    info: { ...info, scale: 10n },
    token,
    desk: { close: async () => close() },
    state: () => state,
    send: async (call) => {
      calls.push(call);
      if (refuse.code) return reject(refuse.code, 'no');
      if (call.functionName === 'deposit') {
        const quote = (call.args?.[1] as bigint) / 10n;
        applyEvent(state.book, { type: 'flow', member: 1, quote });
      }
      return { tx: '0x1', block: 9 };
    },
    waitFor: async (block) => {
      waited.push(block);
    },
    logger: { warn: (o: object) => warned.push(o), info: (o: object) => told.push(o) } as never,
  });
  return { made, calls, warned, told, waited, refuse };
}

describe('the closer', () => {
  it('puts in what a flat member owes, from its own wallet, to the unit', async () => {
    const state = owing();
    const { made, calls, told, waited } = closer(state, owed, () => ({ step: 'flat' }));
    equal(await made.pass(), true);
    const [approve, deposit] = calls;
    deepEqual([approve?.address, approve?.args], [token, [pool, owed * 10n]]);
    deepEqual([deposit?.address, deposit?.args], [pool, [addressOf(1), owed * 10n]]);
    // The next turn sees it in the book, or it would put it in twice.
    deepEqual(waited, [9]);
    equal(told.length, 1);
    deepEqual(made.view(), []);
    equal(await made.pass(), true);
    equal(calls.length, 2);
  });

  it('puts in nothing beyond its cap, which is one for all time', async () => {
    for (const [cap, before] of [
      [owed - 1n, 0n],
      [0n, 0n],
      [owed + 5n, 6n],
    ] as const) {
      const state = owing();
      state.coveredQuote = before;
      const { made, calls, warned } = closer(state, cap, () => ({ step: 'flat' }));
      equal(await made.pass(), false);
      equal(await made.pass(), false);
      equal(calls.length, 0);
      const [found] = made.view();
      equal(found?.step, 'CoverShort');
      ok(found?.message?.includes(`${owed}`), found?.message);
      deepEqual([found?.number, found?.equity, found?.maintenance], [1, -owed, 0n]);
      // Told once, not twice a second.
      equal(warned.length, 1);
    }
  });

  it('never puts in for a member that still has a position or nothing to owe', async () => {
    const state = followed();
    mark(state.book, 900_000);
    const { made, calls } = closer(state, tokens(500), () => ({ step: 'flat' }));
    equal(await made.pass(), false);
    equal(calls.length, 0);
    const fine = closer(followed(), tokens(500), () => ({ step: 'flat' }));
    equal(await fine.made.pass(), true);
    equal(fine.calls.length, 0);
  });

  it('goes on after a refusal and after a venue that is not there', async () => {
    const state = owing();
    const { made, refuse, calls } = closer(state, owed, () => ({ step: 'flat' }));
    refuse.code = 'BalanceShort';
    equal(await made.pass(), false);
    equal(made.view()[0]?.step, 'BalanceShort');
    equal(calls.length, 1);
    refuse.code = '';
    equal(await made.pass(), true);
    const gone = closer(owing(), 0n, () => {
      throw Object.assign(new Error('no node'), { code: 'Unreachable' });
    });
    equal(await gone.made.pass(), false);
    equal(gone.made.view()[0]?.step, 'Unreachable');
  });

  it('leaves a pool that is wound up alone', async () => {
    const state = owing();
    state.lapsedTime = 5;
    const { made, calls } = closer(state, owed, () => ({ step: 'flat' }));
    equal(await made.pass(), true);
    equal(calls.length, 0);
  });
});

describe('the operator’s wallet', () => {
  it('sends one call after the other, also after one that failed', async () => {
    let open = 0;
    let most = 0;
    const call = async ({ functionName }: Call) => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((done) => setTimeout(done, 1));
      open -= 1;
      if (functionName === 'b') throw new Error('lost');
      return { tx: '0x1' as Hex, block: 1 };
    };
    const send = createSend({ chain: () => ({ call }) } as never);
    const results = await Promise.allSettled(
      ['a', 'b', 'c'].map((functionName) =>
        send({ address: pool, abi: [], functionName, args: [] }),
      ),
    );
    deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    equal(most, 1);
  });
});

/** A chain of ten blocks: a member joins in each of the first two, deposits follow. */
function chain() {
  const reads: [number, number][] = [];
  const log = (block: number, eventName: string, args: object, data: Hex) => ({
    address: pool,
    topics: encodeEventTopics({ abi: iConfidentialPoolAbi, eventName, args } as never),
    data,
    transactionHash: `0x${block}`,
    logIndex: 0,
    blockNumber: BigInt(block),
    blockHash: '0xb',
  });
  const wide = (value: bigint): Hex => encodeAbiParameters([{ type: 'uint256' }], [value]);
  const joined = (block: number, number: number) =>
    log(block, 'MemberJoined', { number, member: addressOf(number) }, wide(5n));
  const put = (block: number, number: number, from: Hex) =>
    log(block, 'MemberDeposited', { number, from }, wide(7n));
  const all = [
    joined(1, 0),
    joined(2, 1),
    put(3, 0, addressOf(0)),
    put(4, 1, addressOf(1)),
    put(5, 1, addressOf(0)),
    put(6, 1, addressOf(0)),
  ];
  const reader = {
    getBlockNumber: async () => 10n,
    getBlock: async () => ({ hash: '0xb' }),
    async getLogs({ fromBlock, toBlock }: { fromBlock: bigint; toBlock: bigint }) {
      reads.push([Number(fromBlock), Number(toBlock)]);
      await new Promise((done) => setTimeout(done, 1));
      return all.filter(({ blockNumber: b }) => b >= fromBlock && b <= toBlock);
    },
  } as unknown as ChainReader;
  const house = `0x${'88'.repeat(20)}` as Hex;
  const place = {
    ...info,
    operator: addressOf(0),
    registry: house,
    vault: house,
    clearingHouse: house,
    parameters: house,
    breaker: house,
    deployBlock: 1,
    confirmations: 0,
  };
  return { reads, follower: createFollower(reader, place, () => undefined) };
}

describe('the follower', () => {
  it('reads a block once, however many ask for it at the same time', async () => {
    const { reads, follower } = chain();
    const [first, second] = await Promise.all([follower.advance(), follower.advance()]);
    deepEqual(reads, [[1, 10]]);
    equal(first, second);
    equal(first.book.members.length, 2);
  });

  it('stops at a block when told, and counts what the operator put in for others', async () => {
    const { follower } = chain();
    const early = await follower.advance(false, 5);
    deepEqual([early.block, early.coveredQuote], [5, 7n]);
    const late = await follower.advance();
    deepEqual([late.block, late.coveredQuote], [10, 14n]);
  });
});
