/** Core, ledger and simulated chain driven together, with everything a restart needs. */
import assert from 'node:assert/strict';
import { apply, type Command, createState, type State } from '@holdfast/core';
import type { SignedOrder } from '@holdfast/order';
import { fromHex, type Hex } from '@holdfast/units';
import { compare, createLedger, type Landing, type Ledger, type Version } from '../src/books.ts';
import type { Draft } from '../src/effects.ts';
import { applyBlock, finalise, refuse, rollback } from '../src/ledger.ts';
import { applyEvent, chainRow, emptyMirror, type Mirror, mirrorText } from '../src/mirror.ts';
import { encodeBatch } from '../src/planner.ts';
import { brokenLaws } from '../src/reconcile.ts';
import { missingDrafts, queueOf, restore } from '../src/recovery.ts';
import {
  createSim,
  demoConfig,
  liquidate,
  mine,
  openAccount,
  refresh,
  reorg,
  type Sim,
  type SimReport,
  settle,
  transfer,
} from '../src/sim/chain.ts';
import { decodeRecord, encodeRecord, type StoreRecord } from '../src/store.ts';

export const users = [2, 3, 4, 5];

export type World = {
  readonly sim: Sim;
  readonly core: State;
  ledger: Ledger;
  readonly records: StoreRecord[];
  readonly reports: Map<number, SimReport>;
  queue: Version[];
  time: number;
  seq: number;
  /** Batches that landed, those that were lost again included. */
  landed: number;
};

export function tell(w: World, drafts: readonly Draft[]): void {
  for (const draft of drafts) {
    const { events } = apply(w.core, { ...draft, at: w.core.at } as Command);
    const no = events.find((event) => event.type === 'rejected');
    if (no === undefined || draft.type === 'report' || draft.type === 'open') continue;
    assert.fail(`the core rejects ${JSON.stringify(no)}`);
  }
}

function commit(w: World, record: StoreRecord, drafts: readonly Draft[]): void {
  w.records.push(decodeRecord(encodeRecord(record)));
  tell(w, drafts);
}

export function createWorld(): World {
  const w: World = {
    sim: createSim(),
    core: createState(demoConfig),
    ledger: createLedger(emptyMirror()),
    records: [],
    reports: new Map(),
    queue: [],
    time: 1_000,
    seq: 0,
    landed: 0,
  };
  w.core.at = w.time as State['at'];
  const opened = users.map((id) => openAccount(w.sim, `0x${String(id).padStart(40, '0')}`));
  const funded = users.map((id) => transfer(w.sim, id, 1_000_000_000_000n));
  const first = w.sim.blocks[0];
  assert(first !== undefined);
  follow(w, first);
  follow(w, mine(w.sim, w.time, [...opened, ...funded]));
  newReport(w, 100, 200);
  return w;
}

export function follow(w: World, block: Sim['blocks'][number]): void {
  const { entry, drafts } = applyBlock(w.ledger, w.core, block.head, block.events);
  const { undos: _, ...stored } = entry;
  commit(w, { kind: 'block', entry: stored, drafts }, drafts);
  const open = new Set(w.ledger.onChain.keys());
  w.queue = w.queue.filter((version) => version.fills.some((fill) => !open.has(fill.id)));
}

/** A new round for the core; the chain learns of it with a batch or a push, or never. */
export function newReport(w: World, price0: number, price1: number, rate = 50_000): void {
  w.time += 7;
  const round = w.reports.size + 1;
  // Marks wander about the index, further than they may.
  const wander = 1 + (((round * 7) % 11) - 5) / 150;
  const quotes = [price0, price1].map((price, market) => {
    return { market, price, mark: Math.round(price * wander), rate };
  });
  const report = { round, time: w.time, quotes };
  w.reports.set(round, report);
  w.core.at = w.time as State['at'];
  tell(w, [{ type: 'report', report, raw: '0x' } as unknown as Draft]);
}

/** Two crossing orders. */
export function trade(w: World, a: number, b: number, market: number, lots: number): void {
  if (a === b) return;
  const price = w.core.markets.get(market as never)?.price ?? 0;
  for (const [account, isBuy] of [
    [a, true],
    [b, false],
  ] as const) {
    w.seq += 1;
    const order = {
      account,
      market,
      isBuy,
      size: lots,
      price,
      timeInForce: 0,
      reduceOnly: false,
      postOnly: false,
      expiry: w.time + 1_000_000,
      lane: w.seq % 4,
      seq: w.seq,
      epoch: w.core.accounts.get(account as never)?.epoch ?? 0,
      signature: fromHex(`0x${w.seq.toString(16).padStart(128, '0')}`),
    } as unknown as SignedOrder;
    apply(w.core, { type: 'order', order, at: w.core.at });
  }
}

function isOpen(w: World, id: number): boolean {
  return !w.ledger.onChain.has(id) && (w.core.unconfirmed.has(id) || w.ledger.ghosts.has(id));
}

/** Seals the next batch: a queued one, or new fills. */
export function seal(w: World, many: number): Version | undefined {
  const { batchNumber, batchHead, round } = chainRow(w.ledger.mirror);
  const queued = w.queue[0];
  const taken = new Set(w.queue.flatMap((version) => version.fills.map((fill) => fill.id)));
  const fresh = [...w.core.unconfirmed.values()].filter(
    (fill) => !taken.has(fill.id) && !w.ledger.onChain.has(fill.id),
  );
  const fills = (queued?.fills.filter((fill) => isOpen(w, fill.id)) ?? fresh).slice(0, many);
  if (fills.length === 0) return undefined;
  const fits = queued?.number === batchNumber + 1 && queued.previous === batchHead;
  if (queued !== undefined && fits && fills.length === queued.fills.length) return queued;
  const newest = w.core.round > round ? w.core.round : null;
  const version = encodeBatch(fills, {
    number: batchNumber + 1,
    previous: batchHead as Hex,
    receipts: `0x${'11'.repeat(32)}`,
    report: newest === null ? '0x' : `0x${newest.toString(16).padStart(8, '0')}`,
    round: newest,
  });
  w.ledger.versions.set(version.head, version);
  const fillIds = fills.map((fill) => fill.id).filter((id) => w.core.unconfirmed.has(id));
  const draft = { type: 'batch', number: version.number, fillIds, reportRound: newest } as Draft;
  commit(w, { kind: 'version', version }, fillIds.length > 0 ? [draft] : []);
  return version;
}

/** Seals and mines a batch. */
export function land(w: World, many: number): void {
  const version = seal(w, many);
  if (version === undefined) return;
  w.landed += 1;
  const report = version.round === null ? undefined : w.reports.get(version.round);
  const newer = report !== undefined && report.round > w.sim.state.round ? report : undefined;
  follow(w, mine(w.sim, w.time, settle(w.sim, version, newer)));
}

export function push(w: World): void {
  const report = w.reports.get(w.core.round);
  if (report === undefined || report.round <= w.sim.state.round) return;
  follow(w, mine(w.sim, w.time, [refresh(w.sim, report)]));
}

export function money(w: World, account: number, quote: bigint): void {
  follow(w, mine(w.sim, w.time, [transfer(w.sim, account, quote)]));
}

export function takeOver(w: World, account: number, keeper: number, market: number): void {
  const event = liquidate(w.sim, account, keeper, market);
  if (event !== undefined) follow(w, mine(w.sim, w.time, [event]));
}

/** A parameter change on chain between matching and settling. */
export function fees(w: World, market: number, takerFeePpm: number): void {
  const row = w.sim.state.markets.get(market);
  assert(row !== undefined);
  row.params = { ...row.params, takerFeePpm };
  follow(w, mine(w.sim, w.time, [{ type: 'MarketSet', market, params: row.params }]));
}

export function rebuildMirror(sim: Sim): Mirror {
  const mirror = emptyMirror();
  for (const block of sim.blocks) for (const { event } of block.events) applyEvent(mirror, event);
  return mirror;
}

/** The chain loses its newest blocks. `deep`: the mirror is rebuilt instead of undone. */
export function reorganise(w: World, depth: number, deep: boolean): void {
  reorg(w.sim, Math.min(depth, w.sim.blocks.length - 2));
  const height = w.sim.blocks.at(-1)?.head.number ?? 0;
  const blind = w.ledger.blocks.some(({ number, undos }) => number > height && undos.length === 0);
  const rebuilt = deep || blind ? rebuildMirror(w.sim) : undefined;
  const { drafts, vanished } = rollback(w.ledger, height, rebuilt);
  commit(w, { kind: 'rollback', height, drafts }, drafts);
  requeue(w, vanished);
}

function requeue(w: World, vanished: readonly Landing[]): void {
  const versions = vanished.flatMap((landing) => w.ledger.versions.get(landing.head) ?? []);
  const heads = new Set(versions.map((version) => version.head));
  w.queue = [...versions, ...w.queue.filter((version) => !heads.has(version.head))];
}

export function final(w: World, depth: number): void {
  const height = (w.sim.blocks.at(-1)?.head.number ?? 0) - depth;
  tell(w, finalise(w.ledger, w.core, height));
}

/** The chain will never take the newest open fills. */
export function giveUp(w: World, many: number): void {
  const open = [...w.core.unconfirmed.keys(), ...w.ledger.ghosts].filter((id) => isOpen(w, id));
  const fillIds = [...new Set(open)].slice(-many);
  if (fillIds.length === 0) return;
  const drafts = refuse(w.ledger, w.core, fillIds, 'MarginShort', 1);
  commit(w, { kind: 'refused', fillIds, drafts }, drafts);
}

/** The process ends; with `torn` the last record's commands had not all reached the core. */
export function restart(w: World): void {
  const ledger = createLedger(emptyMirror());
  const { lastDrafts, intended } = restore(ledger, w.core, w.records);
  ledger.mirror = rebuildMirror(w.sim);
  const missing = missingDrafts(ledger, w.core, lastDrafts, []);
  assert.ok(missing.every(({ type }) => type !== 'external' && type !== 'unwind'));
  tell(w, missing);
  w.ledger = ledger;
  w.queue = queueOf(ledger, w.core, intended, chainRow(ledger.mirror).batchNumber);
}

/** Everything that must hold after every step. */
export function check(w: World): void {
  assert.equal(compare(w.ledger, w.core), undefined);
  assert.deepEqual(brokenLaws(w.ledger.mirror), []);
  assert.equal(mirrorText(w.ledger.mirror), mirrorText(rebuildMirror(w.sim)));
}
