import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { apply } from '@holdfast/core';
import fc from 'fast-check';
import { compare, createLedger } from '../src/books.ts';
import type { Draft } from '../src/effects.ts';
import { emptyMirror } from '../src/mirror.ts';
import { missingDrafts, restore } from '../src/recovery.ts';
import { mine, openAccount, type SimAccount, transfer } from '../src/sim/chain.ts';
import {
  check,
  createWorld,
  fees,
  final,
  giveUp,
  land,
  money,
  newReport,
  push,
  rebuildMirror,
  reorganise,
  restart,
  takeOver,
  tell,
  trade,
  users,
  type World,
} from './world.ts';

type Step = { op: number; a: number; b: number; n: number };

const userOf = (i: number): number => users[i % users.length] as number;

function step(w: World, { op, a, b, n }: Step): void {
  const market = n % 2;
  const moves: (() => void)[] = [
    ...Array(5).fill(() => trade(w, userOf(a), userOf(b), market, 1 + (n % 50))),
    () => newReport(w, 80 + (n % 40), 180 + (a % 40), (n % 200_000) - 100_000),
    ...Array(3).fill(() => land(w, 1 + (n % 6))),
    () => land(w, 100),
    () => push(w),
    () => money(w, userOf(a), BigInt(n % 1_000)),
    () => money(w, userOf(a), -BigInt(n % 1_000)),
    () => takeOver(w, userOf(a), userOf(b), market),
    () => fees(w, market, n % 900),
    () => reorganise(w, 1 + (n % 4), false),
    () => reorganise(w, 1 + (n % 12), true),
    () => final(w, n % 4),
    () => final(w, 0),
    () => giveUp(w, 1 + (n % 3)),
    () => restart(w),
  ];
  moves[op % moves.length]?.();
}

const steps = fc.array(
  fc.record({
    op: fc.nat(20),
    a: fc.nat(3),
    b: fc.nat(3),
    n: fc.nat(1_000_000),
  }),
  { minLength: 20, maxLength: 60, size: 'max' },
);

describe('the books between core and chain', () => {
  it('agree to the unit through random logs, reorganisations, refusals and restarts', () => {
    let batches = 0;
    fc.assert(
      fc.property(steps, (list) => {
        const w = createWorld();
        check(w);
        for (const each of list) {
          step(w, each);
          check(w);
        }
        batches += w.landed;
      }),
      { numRuns: 80, seed: 20260101 },
    );
    assert(batches > 200, `only ${batches} batches were settled`);
  });

  it('corrects the funding index that the core assumed', () => {
    const w = createWorld();
    push(w);
    trade(w, 2, 3, 0, 10);
    for (let i = 0; i < 5; i++) newReport(w, 100 + i, 200, 100_000);
    trade(w, 4, 3, 0, 5);
    land(w, 100);
    check(w);
    final(w, 0);
    check(w);
    assert.equal(w.core.unconfirmed.size, 0);
    const index = w.sim.state.markets.get(0)?.index;
    assert(index !== undefined && index !== 0n);
    assert.equal(w.core.markets.get(0 as never)?.index, index);
  });

  it('sends a confirmed batch again after a deep reorganisation, and never twice', () => {
    const w = createWorld();
    trade(w, 2, 3, 0, 10);
    land(w, 100);
    final(w, 0);
    const sizes = () => w.sim.state.accounts.get(2)?.sizes.get(0);
    assert.equal(sizes(), 10);
    reorganise(w, 3, true);
    check(w);
    assert.equal(sizes(), undefined);
    assert.equal(w.core.unconfirmed.size, 0);
    assert.equal(w.queue.length, 1);
    land(w, 100);
    check(w);
    assert.equal(sizes(), 10);
    assert.equal(w.queue.length, 0);
    land(w, 100);
    assert.equal(sizes(), 10);
  });

  it('takes back to the unit what a confirmed batch did when the chain then refuses it', () => {
    const w = createWorld();
    trade(w, 2, 3, 0, 10);
    land(w, 100);
    final(w, 0);
    reorganise(w, 1, false);
    giveUp(w, 5);
    check(w);
    assert.equal(w.core.accounts.get(2 as never)?.positions.size, 0);
  });

  it('notices a unit that is missing in the core', () => {
    const w = createWorld();
    trade(w, 2, 3, 0, 10);
    land(w, 100);
    assert.equal(compare(w.ledger, w.core), undefined);
    const account = w.core.accounts.get(3 as never);
    assert(account !== undefined);
    account.cash = (account.cash - 1n) as typeof account.cash;
    assert.match(compare(w.ledger, w.core) ?? '', /cash of account 3/);
  });

  it('refuses a batch on chain that its fills do not explain', () => {
    const w = createWorld();
    trade(w, 2, 3, 0, 10);
    const thief = w.sim.state.accounts.get(3) as SimAccount;
    thief.cash += 1n;
    assert.throws(() => land(w, 100), /moved cash of account 3/);
  });

  it('gives the core exactly what it missed when the process died in between', () => {
    const w = createWorld();
    money(w, 2, 5n);
    const block = mine(w.sim, w.time, [transfer(w.sim, 3, 77n), transfer(w.sim, 4, 78n)]);
    const drafts = block.events.map(({ event }) => {
      assert(event.type === 'Deposited');
      return {
        type: 'external' as const,
        account: event.account as never,
        cashDelta: (event.quote << 32n) as never,
        sizes: [],
        cause: 'deposit' as const,
        block: block.head.number,
      };
    });
    w.records.push({
      kind: 'block',
      entry: { ...block.head, inverse: [], landings: [] },
      drafts,
    });
    for (const taken of [0, 1, 2]) {
      const ledger = createLedger(emptyMirror());
      const { lastDrafts } = restore(ledger, w.core, w.records);
      ledger.mirror = rebuildMirror(w.sim);
      assert.deepEqual(missingDrafts(ledger, w.core, lastDrafts, []), drafts.slice(taken));
      const next = drafts[taken];
      if (next !== undefined) apply(w.core, { ...next, at: w.core.at });
    }
    const account = w.core.accounts.get(4 as never);
    assert(account !== undefined);
    account.cash = (account.cash + 1n) as typeof account.cash;
    const ledger = createLedger(emptyMirror());
    const { lastDrafts } = restore(ledger, w.core, w.records);
    ledger.mirror = rebuildMirror(w.sim);
    assert.throws(() => missingDrafts(ledger, w.core, lastDrafts, []), /cash of account 4/);
  });

  it('tells the core again what moves no money, when the process died before the journal', () => {
    const w = createWorld();
    const key = `0x${'ab'.repeat(20)}` as const;
    const set = (expiry: number) =>
      ({ type: 'session', account: 2, key, expiry, scope: undefined }) as never as Draft;
    tell(w, [set(w.time + 1_000)]);
    const sessionOf = () => w.core.accounts.get(2 as never)?.sessions.get(key as never);
    assert(sessionOf() !== undefined);
    // Revoked on chain and in the store; the journal never heard of it.
    const opened = { type: 'open', account: 6, owner: `0x${'06'.repeat(20)}` } as never as Draft;
    const deposit = mine(w.sim, w.time, [openAccount(w.sim, '0x06'), transfer(w.sim, 6, 5n)]);
    const paid = {
      type: 'external',
      account: 6,
      cashDelta: 5n << 32n,
      sizes: [],
      cause: 'deposit',
      block: deposit.head.number,
    } as never as Draft;
    const drafts = [opened, set(0), paid];
    w.records.push({
      kind: 'block',
      entry: { ...deposit.head, inverse: [], landings: [] },
      drafts,
    });
    const ledger = createLedger(emptyMirror());
    const { lastDrafts } = restore(ledger, w.core, w.records);
    ledger.mirror = rebuildMirror(w.sim);
    const missing = missingDrafts(ledger, w.core, lastDrafts, []);
    assert.deepEqual(missing, drafts);
    tell(w, missing);
    assert.equal(sessionOf(), undefined);
    assert.equal(compare(ledger, w.core), undefined);
    // Once the core has taken them, only the settings are told again.
    const again = missingDrafts(ledger, w.core, lastDrafts, []);
    assert.deepEqual(again, [opened, set(0)]);
    tell(w, again);
    assert.equal(compare(ledger, w.core), undefined);
  });
});
