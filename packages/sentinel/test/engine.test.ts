import assert from 'node:assert/strict';
import { after, beforeEach, describe, it } from 'node:test';
import { silentLogger, sleep } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import type { Evidence } from '../src/act/breaker.ts';
import type { Guardian } from '../src/act/guardian.ts';
import { createEndpoint } from '../src/chain/endpoint.ts';
import { createReads } from '../src/chain/reads.ts';
import { createSignals } from '../src/chain/signals.ts';
import { Engine, type Found } from '../src/engine/engine.ts';
import type { OpenVenue } from '../src/engine/venue.ts';
import { holds } from '../src/laws/judge.ts';
import type { Action, Rule } from '../src/rule.ts';
import { emptyTables, type Tables } from '../src/state/tables.ts';
import { passBlock } from '../src/laws/block.ts';
import { FakeChain, type FakeNode, logOf, startNode } from './support/chain.ts';
import { answerCall } from './support/storage.ts';
import { openScene, places as at, type Scene, venue as small } from './support/venue.ts';
import { clearingHouseAbi, vaultAbi } from '@holdfast/abi';

const token: Hex = `0x${'70'.repeat(20)}`;
const oracle: Hex = `0x${'0e'.repeat(20)}`;
const places = { ...at, token, oracle };
const venue: OpenVenue = {
  ...small,
  places,
  laws: `0x${'1a'.repeat(20)}`,
  deployBlock: 0,
  chainId: 31_337,
};
const nodes: FakeNode[] = [];

/** A venue on a chain of its own, and the truth of its storage, which a test may bend. */
async function world(options: { rules?: Rule[]; evmLies?: boolean } = {}) {
  const chain = new FakeChain();
  const truth: Tables = emptyTables();
  const scene: Scene = openScene();
  const bend: { balance?: bigint; stored?: (tables: Tables) => void; calls: number } = { calls: 0 };
  const node = await startNode(chain);
  nodes.push(node);
  /** Storage as of a block: all logs up to it, read again. */
  const storageAt = (number: number): Tables => {
    const tables = emptyTables();
    for (const { json, logs } of chain.blocks.slice(0, number + 1)) {
      const material = { time: Number(json.timestamp), logs: logs as never, inputs: new Map() };
      const rows = material.logs as unknown as { logIndex: string }[];
      passBlock(small, tables, { ...material, logs: rows.map((row) => ({ ...row, logIndex: Number(row.logIndex) })) as never });
    }
    bend.stored?.(tables);
    return tables;
  };
  node.twist = (method, params) => {
    if (method !== 'eth_call') return undefined;
    bend.calls += 1;
    const tables = storageAt(Number(params[1]));
    const row = tables.venue.get(0);
    const owed = (row?.liabilities ?? 0n) + (row?.queued ?? 0n);
    return answerCall(places, tables, bend.balance ?? owed, params[0] as never);
  };
  const found: Found[] = [];
  const acts: { action: Action; evidence: Evidence; above: bigint }[] = [];
  const beats: boolean[] = [];
  const guardian = {
    act: async (action: Action, evidence: Evidence, _now: unknown, above = 0n) => void acts.push({ action, evidence, above }),
    tick: async (_now: unknown, healthy: boolean) => void beats.push(healthy),
    standing: () => ({ address: '0x' }),
    onLanded: () => undefined,
  } as unknown as Guardian;
  const logger = silentLogger();
  const endpoints = [createEndpoint(node.url, 0, () => undefined)];
  const reads = createReads({ endpoints, addresses: [...small.sources.keys()], logger });
  const laws = {
    judge: async (questions: readonly Parameters<typeof holds>[0][]) =>
      questions.map((question) => (options.evmLies ? !holds(question) : holds(question))),
  };
  const rules = (options.rules ?? []).map((rule) => ({ rule, settings: {}, shadow: false }));
  const engine = new Engine({ venue, reads, laws, guardian, rules, blockMs: 50, logger, onFound: (each) => found.push(each) });
  await chain.mine([], scene.time - 10);
  return { chain, scene, engine, node, bend, found, acts, beats, reads, endpoints, logger, truth };
}

/** Puts what a scene says into a block, as if the contracts had. */
async function put(w: Awaited<ReturnType<typeof world>>, emits: readonly (readonly [string, string, object])[], input?: Hex) {
  const abis = { clearingHouse: clearingHouseAbi, vault: vaultAbi } as Record<string, readonly unknown[]>;
  const all = await import('@holdfast/abi');
  const abiOf = (name: string) => abis[name] ?? (all as never)[`${name}Abi`];
  const logs = emits.map(([source, name, args]) => logOf(abiOf(source), at[source as keyof typeof at], name, args));
  const time = w.scene.time + 1;
  await w.chain.mine([{ to: at.clearingHouse, logs, ...(input ? { input } : {}) }], time);
  return w.scene.pass([{ emits: emits as never, ...(input ? { input } : {}) }]);
}

/** The same founding as the scene's own, as blocks. */
async function found(w: Awaited<ReturnType<typeof world>>): Promise<void> {
  const { Scene: Blank } = await import('./support/venue.ts');
  const again = new Blank();
  const pass = again.pass.bind(again);
  const blocks: { emits: readonly unknown[] }[] = [];
  again.pass = (txs, seconds) => {
    blocks.push(...(txs as { emits: readonly unknown[] }[]));
    return pass(txs, seconds);
  };
  void blocks;
}
void found;

describe('sentinel: the engine', () => {
  beforeEach(() => undefined);
  after(async () => {
    for (const node of nodes) await node.close();
  });
  it('placeholder', async () => {
    await sleep(0);
    void put;
    void createSignals;
  });
});
