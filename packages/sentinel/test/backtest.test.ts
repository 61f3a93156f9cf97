/** A range of a chain through endpoints, judged by rules. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { silentLogger } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import { backtest } from '../src/backtest/backtest.ts';
import { rangeOver } from '../src/backtest/blocks.ts';
import { createEndpoint } from '../src/chain/endpoint.ts';
import { createReads } from '../src/chain/reads.ts';
import { chooseRules } from '../src/rules/load.ts';
import { FakeChain, type FakeNode, logOf, startNode } from './support/chain.ts';
import { abis, openScene, places, type SceneTx, venue } from './support/venue.ts';

const zero: Hex = `0x${'00'.repeat(20)}`;
const open = {
  ...venue,
  places: { ...places, token: zero, oracle: zero },
  laws: zero,
  deployBlock: 0,
  chainId: 31_337,
};
const nodes: FakeNode[] = [];
after(async () => {
  for (const node of nodes) await node.close();
});

/** A venue's chain: 20 blocks of trade, one that skips a batch, ten calls in vain, two blocks. */
async function past() {
  const waiting: { txs: readonly SceneTx[]; time: number }[] = [];
  const scene = openScene((txs, time) => waiting.push({ txs, time }));
  for (let i = 0; i < 20; i += 1) scene.pass([scene.trade({ lots: i % 2 === 0 ? 1 : 2 })]);
  const number = (scene.tables.venue.get(0)?.batchNumber ?? 0) + 2;
  const skipping = scene.trade({ number, seq: number });
  scene.pass([{ emits: skipping.emits }]);
  const chain = new FakeChain();
  for (const { txs, time } of waiting) {
    const made = txs.map(({ emits, input }) => ({
      to: places.clearingHouse,
      ...(input === undefined ? {} : { input }),
      logs: emits.map(([source, name, args]) => logOf(abis[source], places[source], name, args)),
    }));
    await chain.mine(made, time);
  }
  const vain = (i: number) => ({ to: places.vault, input: `0x1234567${i}` as Hex, logs: [] });
  await chain.mine(Array.from({ length: 10 }, (_, i) => vain(i)));
  for (let i = 0; i < 2; i += 1) await chain.mine();
  return chain;
}

async function readsOf(chain: FakeChain, count: number) {
  const own = await Promise.all(Array.from({ length: count }, () => startNode(chain)));
  nodes.push(...own);
  for (const node of own) {
    node.twist = (method) =>
      method === 'eth_getTransactionReceipt' ? { status: '0x0' } : undefined;
  }
  const endpoints = own.map(({ url }, at) => createEndpoint(url, at, () => undefined));
  const addresses = [...venue.sources.keys()];
  return { own, reads: createReads({ endpoints, addresses, logger: silentLogger() }) };
}

/** In a venue of two accounts everything is concentrated. */
const rules = () => chooseRules([], { 'concentration-account': { enabled: false } });

const options = { warmup: 5, progress: () => undefined };

describe('a backtest over a chain', () => {
  it('sees what the sentinel would have seen, with calls that left no log', async () => {
    const chain = await past();
    const { reads } = await readsOf(chain, 1);
    const range = await rangeOver({ venue: open, reads }, options);
    const result = await backtest(range.blocks(), rules());
    assert.equal(result.blocks, chain.blocks.length);
    const spoke = result.rules.filter(({ findings }) => findings > 0).map(({ rule }) => rule);
    assert.deepEqual(spoke, ['sequence-gap', 'unusual-calls']);
    const [gap] = result.findings;
    assert.match(gap?.title ?? '', /^batch \d+ where \d+ was due$/);
    assert.equal(result.rules.find(({ rule }) => rule === 'sequence-gap')?.actions.length, 1);
  });

  it('reads a part of it, learning from what is before, from endpoints that agree', async () => {
    const chain = await past();
    const { reads, own } = await readsOf(chain, 3);
    // One that hides logs is out-voted.
    const [liar] = own as [FakeNode];
    liar.twist = (method) => (method === 'eth_getLogs' ? [] : undefined);
    const to = chain.blocks.length - 3;
    const range = await rangeOver({ venue: open, reads }, { ...options, from: 15, to });
    assert.deepEqual([range.from, range.to, range.learnsFrom], [15, to, 10]);
    const result = await backtest(range.blocks(), rules(), { countsFrom: 15 });
    assert.deepEqual([result.fromBlock, result.toBlock], [15, to]);
    assert.deepEqual(
      result.findings.map(({ rule }) => rule),
      ['sequence-gap', 'unusual-calls'],
    );
  });

  it('refuses a range that is none', async () => {
    const chain = await past();
    const { reads } = await readsOf(chain, 1);
    for (const wrong of [{ from: 9, to: 8 }, { to: 10_000 }, { from: -1 }]) {
      const ask = rangeOver({ venue: open, reads }, { ...options, ...wrong });
      await assert.rejects(ask, { code: 'RangeWrong', message: /the venue has blocks 0 to/ });
    }
  });
});
