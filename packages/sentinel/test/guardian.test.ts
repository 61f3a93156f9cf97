import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { vaultAbi } from '@holdfast/abi';
import { silentLogger } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import {
  decodeFunctionData,
  encodeFunctionResult,
  hexToString,
  keccak256,
  numberToHex,
  parseTransaction,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { entriesOf, guardianAbi } from '../src/act/breaker.ts';
import { createGuardian, type Now } from '../src/act/guardian.ts';
import { feesFor } from '../src/act/sender.ts';
import type { Endpoint } from '../src/chain/endpoint.ts';
import type { Action } from '../src/rule.ts';

const account = privateKeyToAccount(keccak256('0x01'));
const breaker: Hex = `0x${'b1'.repeat(20)}`;
const vault: Hex = `0x${'a7'.repeat(20)}`;
const gwei = 10n ** 9n;
const halt: Action = { kind: 'tighten', scope: 0, level: 3, holdSeconds: 3_600, law: 1 };
const evidence = { law: 'L01', block: 7, values: [1n, -2n] };

/** A chain that takes transactions and includes them when told. */
function fakeChain(silentAt = 0n) {
  const sent: { raw: Hex; tx: ReturnType<typeof parseTransaction> }[] = [];
  const state = { nonce: 0, landed: undefined as Hex | undefined, silentAt };
  const answers: Record<string, unknown> = {
    holdSecondsMax: 1_800n,
    isGuardian: true,
    quorum: 2n,
  };
  const call = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    if (method === 'eth_getTransactionCount') return numberToHex(state.nonce);
    if (method === 'eth_sendRawTransaction') {
      const raw = params[0] as Hex;
      sent.push({ raw, tx: parseTransaction(raw) });
      return keccak256(raw);
    }
    if (method === 'eth_getTransactionReceipt') {
      return params[0] === state.landed ? { status: '0x1', blockNumber: '0xb' } : null;
    }
    const { data } = params[0] as { data: Hex };
    const { functionName } = decodeFunctionData({ abi: guardianAbi, data });
    const result = functionName === 'silentAt' ? state.silentAt : answers[functionName];
    return encodeFunctionResult({ abi: guardianAbi, functionName, result } as never);
  };
  const endpoint = { name: 'fake', call } as unknown as Endpoint;
  const include = () => {
    state.landed = keccak256(sent.at(-1)?.raw as Hex);
    state.nonce += 1;
  };
  const calls = () =>
    sent.map(({ tx }) => decodeFunctionData({ abi: guardianAbi, data: tx.data as Hex }));
  const open = (feeMax = 1_000n * gwei) =>
    createGuardian({
      account,
      chainId: 31_337,
      breaker,
      vault,
      endpoints: () => [endpoint],
      logger: silentLogger(),
      feeMax,
    });
  return { sent, state, include, calls, open };
}

const at = (block: number, more: Partial<Now> = {}): Now => ({
  block,
  baseFee: gwei,
  time: 1_000 + block,
  level: () => 0,
  ...more,
});

describe('sentinel: the guardian', () => {
  it('votes for the halt and does at once what it may do alone', async () => {
    const chain = fakeChain();
    await (await chain.open()).act(halt, evidence, at(7));
    const [first] = chain.calls();
    assert.equal(first?.functionName, 'tightenMany');
    const [entries = []] = (first?.args ?? []) as unknown as [
      { scope: number; level: number; holdSeconds: number }[]?,
    ];
    assert.deepEqual(
      entries.map(({ scope, level, holdSeconds }) => [scope, level, holdSeconds]),
      [
        [0, 3, 3_600],
        [257, 3, 3_600],
        [0, 1, 1_800],
        [257, 1, 1_800],
      ],
    );
    const [shown] = entries as unknown as {
      evidence: { law: Hex; blockNumber: bigint; values: bigint[] };
    }[];
    assert.equal(hexToString(shown?.evidence.law as Hex, { size: 32 }), 'L01');
    assert.deepEqual([shown?.evidence.blockNumber, shown?.evidence.values], [7n, [1n, -2n]]);
  });

  it('confirms vetoes at the vault, each once and in parts', async () => {
    const chain = fakeChain();
    const guardian = await chain.open();
    const ids = Array.from({ length: 25 }, (_, i) => BigInt(4 * i + 6));
    await guardian.veto(ids, 'L03', at(7));
    await guardian.veto(ids, 'L03', at(8));
    assert.deepEqual(
      chain.sent.map(({ tx }) => [tx.to, Number(tx.gas)]),
      [
        [vault, 900_000 + 20 * 120_000],
        [vault, 900_000 + 5 * 120_000],
      ],
    );
    const asked = chain.sent.flatMap(({ tx }) => {
      const { functionName, args } = decodeFunctionData({ abi: vaultAbi, data: tx.data as Hex });
      assert.equal(functionName, 'vetoMany');
      return (args as [bigint[]])[0];
    });
    assert.deepEqual(asked, ids);
  });

  it('never asks for what loosens, nor beyond what it may', () => {
    for (const level of [1, 2, 3] as const) {
      for (const entry of entriesOf({ ...halt, level, holdSeconds: 90_000 }, 60)) {
        assert.ok(entry.level >= 1 && (entry.level > 1 || entry.holdSeconds <= 60));
      }
    }
    assert.deepEqual(
      entriesOf({ ...halt, scope: 3, level: 1 }, 9_999).map(({ scope, level }) => [scope, level]),
      [[3, 1]],
    );
  });

  it('sends nothing twice, and nothing that is in force', async () => {
    const chain = fakeChain();
    const guardian = await chain.open();
    await guardian.act(halt, evidence, at(7));
    await guardian.act(halt, { ...evidence, law: 'L03' }, at(8));
    assert.equal(chain.sent.length, 1);
    await guardian.act(halt, evidence, at(9, { time: 2_000 }));
    assert.equal(chain.sent.length, 2, 'a vote that ran out may be sent again');
    const other = fakeChain();
    await (await other.open()).act(halt, evidence, at(7, { level: () => 3 }));
    assert.equal(other.sent.length, 0);
  });

  it('raises the fee at every block until it is in, up to its bound', async () => {
    const chain = fakeChain();
    const guardian = await chain.open(40n * gwei);
    await guardian.act(halt, evidence, at(7), 3n * gwei);
    const tips = () => chain.sent.map(({ tx }) => tx.maxPriorityFeePerGas ?? 0n);
    assert.ok((tips()[0] ?? 0n) > 3n * gwei, 'it pays more than who it races');
    for (const block of [8, 9, 9, 10]) await guardian.tick(at(block), true);
    assert.equal(chain.sent.length, 4, 'once a block');
    assert.ok(tips().every((tip, i, all) => i === 0 || tip >= (all[i - 1] as bigint) * 2n));
    assert.deepEqual(new Set(chain.sent.map(({ tx }) => tx.nonce)).size, 1);
    for (let block = 11; block < 20; block += 1) await guardian.tick(at(block), true);
    assert.ok(chain.sent.every(({ tx }) => (tx.maxFeePerGas ?? 0n) <= 40n * gwei));
    chain.include();
    await guardian.tick(at(20), true);
    const { waiting, landed } = guardian.standing();
    assert.deepEqual([waiting, landed], [[], 1]);
  });

  it('follows a base fee that is a hundred times as high', () => {
    const before = feesFor(gwei, 10_000n * gwei, {});
    const after = feesFor(100n * gwei, 10_000n * gwei, { before });
    assert.ok(after.maxFeePerGas > 200n * gwei);
  });

  it('says that it is alive in time, and only while it does its work', async () => {
    const chain = fakeChain(1_700n);
    const guardian = await chain.open();
    // 600 s of silence are left at 1,100: a third of it, and it speaks.
    for (const time of [1_100, 1_200, 1_299]) await guardian.tick(at(7, { time }), true);
    assert.equal(chain.sent.length, 0);
    await guardian.tick(at(8, { time: 1_310 }), false);
    assert.equal(chain.sent.length, 0, 'a sentinel that sees nothing is silent');
    await guardian.tick(at(8, { time: 1_310 }), true);
    assert.deepEqual(
      chain.calls().map(({ functionName }) => functionName),
      ['beat'],
    );
  });
});
