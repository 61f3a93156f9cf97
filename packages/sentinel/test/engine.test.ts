import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { silentLogger } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import type { Evidence } from '../src/act/breaker.ts';
import type { Guardian } from '../src/act/guardian.ts';
import { createEndpoint } from '../src/chain/endpoint.ts';
import { createReads } from '../src/chain/reads.ts';
import { Engine, type Found } from '../src/engine/engine.ts';
import { permitted } from '../src/engine/rules.ts';
import type { OpenVenue } from '../src/engine/venue.ts';
import { passBlock } from '../src/laws/block.ts';
import { holds } from '../src/laws/judge.ts';
import type { Action, Finding, Rule, Tier } from '../src/rule.ts';
import { emptyTables, type Tables } from '../src/state/tables.ts';
import { FakeChain, type FakeNode, logOf, startNode } from './support/chain.ts';
import { answerCall } from './support/storage.ts';
import {
  abis,
  places as at,
  openScene,
  q32,
  type Scene,
  type SceneTx,
  venue as small,
} from './support/venue.ts';

const token: Hex = `0x${'70'.repeat(20)}`;
const oracle: Hex = `0x${'0e'.repeat(20)}`;
const places = { ...at, token, oracle };
const laws: Hex = `0x${'1a'.repeat(20)}`;
const venue: OpenVenue = { ...small, places, laws, deployBlock: 0, chainId: 31_337 };
const nodes: FakeNode[] = [];

type Sent = { action: Action; evidence: Evidence; above: bigint };

/** A venue on a chain of its own whose storage is what its logs make, unless a test bends it. */
class World {
  readonly chain = new FakeChain();
  readonly scene: Scene;
  readonly found: Found[] = [];
  readonly sent: Sent[] = [];
  readonly beats: boolean[] = [];
  readonly engine: Engine;
  readonly node: FakeNode;
  /** Changes what is stored. */
  bend: (tables: Tables) => void = () => undefined;
  balance: bigint | undefined;
  readonly #waiting: { txs: readonly SceneTx[]; time: number }[] = [];

  constructor(node: FakeNode, chain: FakeChain, rules: readonly Rule[], evmLies: boolean) {
    this.chain = chain;
    this.node = node;
    this.scene = openScene((txs, time) => this.#waiting.push({ txs, time }));
    node.twist = (method, params) =>
      method === 'eth_call' ? this.#answer(Number(params[1]), params[0] as never) : undefined;
    const logger = silentLogger();
    const endpoints = [createEndpoint(node.url, 0, () => undefined)];
    const reads = createReads({ endpoints, addresses: [...small.sources.keys()], logger });
    const guardian = {
      act: async (action: Action, evidence: Evidence, _now: unknown, above = 0n) => {
        this.sent.push({ action, evidence, above });
      },
      tick: async (_now: unknown, healthy: boolean) => void this.beats.push(healthy),
      standing: () => ({ address: '0x' }),
    } as unknown as Guardian;
    this.engine = new Engine({
      venue,
      reads,
      guardian,
      laws: {
        judge: async (questions) => questions.map((one) => (evmLies ? !holds(one) : holds(one))),
      },
      rules: rules.map((rule) => ({ rule, settings: {}, shadow: false })),
      blockMs: 50,
      logger,
      onFound: (each) => this.found.push(each),
    });
  }

  #answer(number: number, call: { to: Hex; data: Hex }): Hex {
    const tables = emptyTables();
    for (const { json, logs } of this.chain.blocks.slice(0, number + 1)) {
      const rows = logs.map((log) => ({ ...log, logIndex: Number(log.logIndex) }));
      const material = { time: Number(json.timestamp), logs: rows as never, inputs: new Map() };
      passBlock(small, tables, material);
    }
    const row = tables.venue.get(0);
    const owed = (row?.liabilities ?? 0n) + (row?.queued ?? 0n);
    this.bend(tables);
    return answerCall(places, tables, this.balance ?? owed, call);
  }

  /** What the scene passed becomes blocks of the chain. */
  async mine(): Promise<void> {
    for (const { txs, time } of this.#waiting.splice(0)) {
      const made = txs.map(({ emits, input }) => ({
        to: at.clearingHouse,
        ...(input === undefined ? {} : { input }),
        logs: emits.map(([source, name, args]) => logOf(abis[source], at[source], name, args)),
      }));
      await this.chain.mine(made, time);
    }
  }

  /** Blocks, and the sentinel after them. */
  async step(...txs: readonly SceneTx[][]): Promise<void> {
    for (const each of txs) this.scene.pass(each);
    await this.mine();
    await this.engine.advance();
  }

  rules(): string[] {
    return [...new Set(this.found.map(({ finding }) => finding.rule))].sort();
  }
}

async function world(rules: readonly Rule[] = [], evmLies = false): Promise<World> {
  const chain = new FakeChain();
  const node = await startNode(chain);
  nodes.push(node);
  const made = new World(node, chain, rules, evmLies);
  await made.mine();
  await made.engine.begin(() => undefined);
  return made;
}

const text = (tables: Tables): string =>
  JSON.stringify(
    Object.entries(tables).map(([name, rows]) => [
      name,
      [...(rows as Map<unknown, unknown>)].sort(),
    ]),
    (_key, value) =>
      typeof value === 'bigint'
        ? `${value}`
        : value instanceof Map || value instanceof Set
          ? [...value]
          : value,
  );

describe('sentinel: the engine', () => {
  after(async () => {
    for (const node of nodes) await node.close();
  });

  it('finds nothing in an honest venue, and asks every law and value twice', async () => {
    const w = await world();
    await w.step([w.scene.trade()]);
    await w.step([{ emits: w.scene.withdraw(2, 100n) }], [{ emits: [w.scene.report(1_001)] }]);
    assert.deepEqual(w.rules(), []);
    assert.deepEqual(w.sent, []);
    const { tally } = w.engine;
    assert.ok(tally.evm() > 10 && tally.reads() > 50, `${tally.evm()} ${tally.reads()}`);
    assert.equal(w.engine.healthy(), true);
  });

  it('acts on a theft in the block that shows it', async () => {
    const w = await world();
    await w.step([{ emits: w.scene.withdraw(2, 100n, 0n) }]);
    assert.deepEqual(w.rules(), ['law-L01', 'law-L03']);
    const [first] = w.sent;
    assert.deepEqual([first?.action.scope, first?.action.level, first?.action.law], [0, 3, 3]);
    assert.equal(first?.evidence.block, w.engine.tip?.number);
    assert.deepEqual(first?.evidence.values, [0n, -100n]);
  });

  it('acts on tokens that left without a word, after a second look', async () => {
    const w = await world();
    w.balance = 399_999n;
    await w.step([]);
    assert.deepEqual(w.rules(), ['law-L02']);
    assert.equal(w.sent.length, 1);
  });

  it('finds storage that is not what the logs make of it, touched or in its turn', async () => {
    const w = await world();
    w.bend = (tables) => {
      const row = tables.accounts.get(3);
      if (row) tables.accounts.set(3, { ...row, cashQ32: row.cashQ32 + q32 });
    };
    await w.step([{ emits: w.scene.deposit(2, 5n) }]);
    assert.deepEqual(w.rules(), ['storage-differs']);
    assert.match(w.found[0]?.finding.title ?? '', /account 3/);
    assert.equal(w.sent[0]?.action.level, 3);
    const own = await world();
    own.bend = (tables) => {
      const row = tables.markets.get(0);
      if (row) tables.markets.set(0, { ...row, openInterest: row.openInterest + 1 });
    };
    await own.step([own.scene.trade()]);
    assert.deepEqual(own.rules(), ['storage-differs']);
    assert.equal(own.sent[0]?.action.scope, 1);
  });

  it('says so when the twins of a law disagree', async () => {
    const w = await world([], true);
    await w.step([{ emits: w.scene.deposit(2, 5n) }]);
    assert.deepEqual(w.rules(), ['laws-disagree']);
    assert.deepEqual(w.sent, []);
  });

  it('goes back through a reorganisation of three blocks', async () => {
    const w = await world();
    await w.step([{ emits: w.scene.deposit(2, 5n) }]);
    const old = text(w.engine.tables);
    const kept = w.chain.blocks.length;
    await w.step([w.scene.trade()]);
    await w.step([{ emits: w.scene.deposit(3, 7n) }], []);
    assert.notEqual(text(w.engine.tables), old);
    w.chain.drop(3);
    // Shorter than it was: the tip is gone before anything replaces it.
    await w.engine.advance();
    assert.equal(text(w.engine.tables), old);
    for (let i = 0; i < 4; i += 1) await w.chain.mine();
    await w.engine.advance();
    assert.equal(w.engine.tip?.number, kept + 3);
    assert.equal(text(w.engine.tables), old);
    assert.equal(w.engine.tally.reorgs(), 3);
    assert.deepEqual(w.rules(), []);
  });

  it('goes back where a longer chain took the place of its own', async () => {
    const w = await world();
    await w.step([{ emits: w.scene.deposit(2, 5n) }]);
    const old = text(w.engine.tables);
    await w.step([w.scene.trade()]);
    w.chain.drop(1);
    for (let i = 0; i < 3; i += 1) await w.chain.mine();
    await w.engine.advance();
    assert.equal(w.engine.tip?.hash, w.chain.blocks.at(-1)?.json.hash);
    assert.equal(text(w.engine.tables), old);
  });

  it('recovers every block that it missed', async () => {
    const w = await world();
    for (let i = 0; i < 20; i += 1) w.scene.pass([{ emits: w.scene.deposit(2, 1n) }]);
    w.scene.pass([{ emits: w.scene.withdraw(2, 9n, 0n) }]);
    for (let i = 0; i < 20; i += 1) w.scene.pass([]);
    await w.mine();
    await w.engine.advance();
    assert.equal(w.engine.tip?.number, w.chain.blocks.length - 1);
    const theft = w.found.find(({ finding }) => finding.rule === 'law-L03');
    assert.equal(theft?.block, w.chain.blocks.length - 21);
  });

  it('halts itself, and acts, at logs that cannot be', async () => {
    const w = await world();
    const emit = ['clearingHouse', 'AllCancelled', { account: 99, epoch: 1 }] as const;
    const log = logOf(abis.clearingHouse, at.clearingHouse, emit[1], emit[2]);
    const before = text(w.engine.tables);
    await w.chain.mine([{ to: at.clearingHouse, logs: [log] }]);
    await assert.rejects(w.engine.advance(), /never opened/);
    assert.deepEqual(w.rules(), ['logs-impossible']);
    assert.equal(w.sent.length, 1);
    assert.equal(text(w.engine.tables), before);
  });

  it('lets a flow rule act on damage alone, and a shadow and a score never', () => {
    const action = { kind: 'tighten', scope: 0, level: 1, holdSeconds: 60, law: 0 } as const;
    const of = (tier: Tier, ruleTier: Tier, damage: boolean, shadow = false) => {
      const rule = { id: 'r', tier: ruleTier, action: () => action } as unknown as Rule;
      const finding = { rule: 'r', tier, damage } as unknown as Finding;
      return permitted({ rule, settings: {}, shadow }, finding) !== undefined;
    };
    assert.deepEqual([of('flow', 'flow', true), of('law', 'law', false)], [true, true]);
    const never = [of('flow', 'flow', false), of('statistical', 'flow', true)];
    assert.deepEqual(
      [...never, of('flow', 'statistical', true), of('law', 'law', true, true)],
      [false, false, false, false],
    );
  });

  it('runs rules with their memory, and lets no score act', async () => {
    const judge: Rule<number>['judge'] = ({ number, events }, memory) => ({
      memory: memory + events.length,
      findings:
        events.length === 0
          ? []
          : [
              {
                rule: 'counts',
                tier: memory % 4 === 1 ? 'flow' : 'statistical',
                severity: 'low',
                scope: 0,
                key: `${memory}`,
                title: 'counted',
                evidence: { number },
                damage: memory > 0,
              },
            ],
    });
    const action = { kind: 'tighten', scope: 0, level: 1, holdSeconds: 60, law: 0 } as const;
    const rule: Rule<number> = {
      id: 'counts',
      tier: 'flow',
      severity: 'low',
      title: 'counts',
      reads: 'events',
      begin: () => 0,
      judge,
      action: () => action,
    };
    const w = await world([rule as Rule]);
    for (let i = 0; i < 3; i += 1) await w.step([{ emits: w.scene.deposit(2, 5n) }]);
    // Two logs a deposit: what a rule remembers grows with them.
    const keys = w.found.slice(-3).map(({ finding }) => Number(finding.key));
    const [first = 0] = keys;
    assert.deepEqual(keys, [first, first + 2, first + 4]);
    const acted = w.found.filter((each) => each.action !== undefined);
    assert.ok(acted.every(({ finding }) => finding.tier === 'flow' && finding.damage === true));
    assert.ok(acted.length > 0 && acted.length < w.found.length);
  });
});
