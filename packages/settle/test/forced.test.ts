import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clearingHouseAbi, forcedQueueAbi } from '@holdfast/abi';
import { silentLogger } from '@holdfast/host';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { decodeFunctionData, encodeEventTopics, encodeFunctionResult } from 'viem';
import { decodeLog } from '../src/decode.ts';
import { createForcedDesk, type ForcedDeps, serveForced } from '../src/forced.ts';
import type { Block, CallRequest, Revert } from '../src/rpc.ts';

const house: Hex = `0x${'11'.repeat(20)}`;
const queue: Hex = `0x${'22'.repeat(20)}`;
const nobody: Hex = `0x${'00'.repeat(20)}`;

const refusal = (code: string): Revert => ({ kind: 'revert', code, message: code, data: '0x' });
const blockOf = (number: number, time = 70) =>
  ({ number, hash: `0x${number}`, time }) as unknown as Block;

type Row = { kind: number; account: number };

/** A chain with a queue of these requests; `refuses` says what the estimate of a call gives. */
function world(rows: Row[], refuses: (args: readonly unknown[]) => string | undefined, aside = 0n) {
  const sent: (readonly unknown[])[] = [];
  const done = { count: 0, mined: false };
  const state = () => ({ next: BigInt(done.count + 1), count: BigInt(rows.length) });
  const answer = ({ to, data }: CallRequest): Hex => {
    if (to === house) {
      return encodeFunctionResult({
        abi: clearingHouseAbi,
        functionName: 'forcedQueue',
        result: queue,
      });
    }
    const { functionName, args } = decodeFunctionData({ abi: forcedQueueAbi, data });
    if (functionName === 'state') {
      const { next, count } = state();
      const result = [next, count, next <= count ? 77 : 0] as const;
      return encodeFunctionResult({ abi: forcedQueueAbi, functionName, result });
    }
    if (functionName === 'asideAfter') {
      const result = args?.[0] === 0n ? aside : 0n;
      return encodeFunctionResult({ abi: forcedQueueAbi, functionName, result });
    }
    const row = rows[Number(args?.[0]) - 1] as Row;
    const rest = { market: 0, isLong: true, limit: 0, time: 1, deadline: 77 };
    const result = { ...row, ...rest, amount: 5n, to: nobody, nonce: 0n };
    return encodeFunctionResult({ abi: forcedQueueAbi, functionName: 'requestOf', result });
  };
  const argsOf = (data: Hex) =>
    decodeFunctionData({ abi: clearingHouseAbi, data }).args as readonly unknown[];
  const deps = {
    chain: {
      call: async (request: CallRequest) => answer(request),
      estimateGas: async ({ data }: CallRequest) => {
        const code = refuses(argsOf(data));
        return code === undefined ? 100_000 : refusal(code);
      },
    },
    submitter: {
      request: (data: Hex) => ({ to: house, data }),
      submit: async ({ calldata }: { calldata: Hex }) => {
        sent.push(argsOf(calldata));
        return { hashes: [] };
      },
      watch: async () => {
        if (!done.mined) return { kind: 'waiting' };
        done.count += 1;
        done.mined = false;
        return { kind: 'mined' };
      },
    },
    logger: silentLogger(),
    count: () => undefined,
    clearingHouse: house,
    taker: undefined,
    report: () => '0xabcd',
  } as unknown as ForcedDeps;
  return { deps, sent, done };
}

describe('settle: the forced queue', () => {
  it('serves requests one after another, in their order', async () => {
    const { deps, sent, done } = world(
      [
        { kind: 3, account: 4 },
        { kind: 1, account: 5 },
      ],
      () => undefined,
    );
    const desk = createForcedDesk(deps);
    assert.equal(await serveForced(desk, blockOf(1)), true);
    assert.equal(await serveForced(desk, blockOf(2)), true);
    assert.equal(sent.length, 1);
    assert.deepEqual(
      desk.status.waiting.map(({ number, kind, account }) => [number, kind, account]),
      [
        [1, 'cancelAll', 4],
        [2, 'withdraw', 5],
      ],
    );
    done.mined = true;
    assert.equal(await serveForced(desk, blockOf(3)), true);
    done.mined = true;
    assert.equal(await serveForced(desk, blockOf(4)), false);
    assert.deepEqual(
      sent.map((args) => args[0]),
      [1n, 2n],
    );
    assert.deepEqual(desk.status.waiting, []);
    assert.equal(desk.status.hold, null);
  });

  it('brings a report when the chain’s price is stale', async () => {
    const stale = (args: readonly unknown[]) => (args[3] === '0x' ? 'PriceStale' : undefined);
    const { deps, sent } = world([{ kind: 1, account: 5 }], stale);
    assert.equal(await serveForced(createForcedDesk(deps), blockOf(1)), true);
    assert.equal(sent[0]?.[3], '0xabcd');
  });

  it('leaves a close to keepers without an account of its own, and says so', async () => {
    const needsTaker = (args: readonly unknown[]) => (args[1] === 0 ? 'NotOwner' : undefined);
    const { deps, sent } = world([{ kind: 2, account: 5 }], needsTaker);
    const said: unknown[] = [];
    const logger = { ...deps.logger, warn: (what: unknown) => said.push(what) };
    const desk = createForcedDesk({ ...deps, logger: logger as never });
    assert.equal(await serveForced(desk, blockOf(1)), false);
    assert.equal(desk.status.hold?.code, 'TakerMissing');
    assert.equal(await serveForced(desk, blockOf(2)), false);
    assert.equal(said.length, 1, 'said once, not at every block');
    assert.equal(await serveForced(createForcedDesk({ ...deps, taker: 9 }), blockOf(1)), true);
    assert.deepEqual(sent[0]?.slice(0, 2), [1n, 9]);
  });

  it('sets aside what waits for a price, after its deadline and not before', async () => {
    const stale = (args: readonly unknown[]) => (args.length === 4 ? 'PriceStale' : undefined);
    const { deps, sent } = world([{ kind: 1, account: 5 }], stale);
    const desk = createForcedDesk(deps);
    assert.equal(await serveForced(desk, blockOf(1, 77)), false);
    assert.equal(desk.status.hold?.code, 'PriceStale');
    assert.equal(await serveForced(desk, blockOf(2, 78)), true);
    assert.deepEqual(sent, [[1n, '0xabcd']]);
  });

  it('sets nothing aside for another reason, and tells what is aside', async () => {
    const broke = (args: readonly unknown[]) => (args.length === 4 ? 'MarginShort' : undefined);
    const { deps, sent } = world([{ kind: 1, account: 5 }], broke, 1n);
    const desk = createForcedDesk(deps);
    assert.equal(await serveForced(desk, blockOf(1, 78)), false);
    assert.deepEqual(sent, []);
    assert.deepEqual(
      desk.status.aside.map(({ number, account }) => [number, account]),
      [[1, 5]],
    );
  });

  it('looks once per block', async () => {
    let calls = 0;
    const { deps } = world([], () => undefined);
    const counted = {
      ...deps.chain,
      call: (...args: Parameters<typeof deps.chain.call>) => {
        calls += 1;
        return deps.chain.call(...args);
      },
    };
    const desk = createForcedDesk({ ...deps, chain: counted });
    for (let i = 0; i < 5; i++) await serveForced(desk, blockOf(1));
    assert.equal(calls, 3);
  });

  it('halts settlement when the venue was frozen', () => {
    const topics = encodeEventTopics({
      abi: clearingHouseAbi,
      eventName: 'VenueFrozen',
      args: { round: 7 },
    }) as [Hex, ...Hex[]];
    const word = (value: number) => value.toString(16).padStart(64, '0');
    const sources = { clearingHouse: house, breaker: nobody, parameters: nobody };
    const data: Hex = `0x${word(1_234)}${word(1)}`;
    const log = { address: house, topics, data, transactionHash: '0x' as Hex, logIndex: 0 };
    const at = { blockNumber: 1, blockHash: '0x' as Hex };
    assert.throws(
      () => decodeLog(sources, { ...log, ...at }),
      (error) => error instanceof EnvironmentError && error.code === 'VenueFrozen' && !error.retry,
    );
  });
});
