import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { equityOf, settleWorth } from '../src/index.ts';

const q32 = 2n ** 32n;
const owner = '0x00000000000000000000000000000000000000aa' as const;

describe('equity', () => {
  it('adds a position at the reference price less its funding index, rounded down', () => {
    const markets = new Map([[0, { tickValue: 100n, index: 7n * q32 + 1n, price: 50n }]]);
    const row = { owner, cashQ32: 10n * q32, positions: [{ market: 0, size: 2n }] };
    assert.equal(equityOf(row, markets), 10n + 2n * (5_000n - 7n) - 1n);
  });

  it('rounds a debt away from zero', () => {
    assert.equal(equityOf({ owner, cashQ32: -1n, positions: [] }, new Map()), -1n);
  });
});

describe('worth', () => {
  const claim = (isAttacker: boolean, equity: bigint) => ({ isAttacker, equity });
  const coin = (isAttacker: boolean, quote: bigint) => ({ isAttacker, quote });
  const none = { claims: [], wallets: [], queued: [], custody: 0n };

  it('adds accounts, wallets and the queue of each side', () => {
    const found = settleWorth({
      claims: [claim(false, 70n), claim(true, 20n)],
      wallets: [coin(false, 5n), coin(true, 3n)],
      queued: [coin(false, 6n), coin(true, 4n)],
      custody: 100n,
    });
    assert.deepEqual(found, { others: 81n, attackers: 27n, locked: 6n, shortfall: 0n });
  });

  it('takes what the vault lacks off others, never off the attacker', () => {
    const claims = [claim(false, 100n), claim(true, 50n)];
    const found = settleWorth({ ...none, claims, custody: 120n });
    assert.deepEqual(found, { others: 70n, attackers: 50n, locked: 0n, shortfall: 30n });
  });

  it('does not let an abandoned account pay its debt: the other side of it is a loss', () => {
    const claims = [claim(true, -40n), claim(true, 90n), claim(false, 50n)];
    const found = settleWorth({ ...none, claims, custody: 100n });
    assert.deepEqual(found, { others: 10n, attackers: 90n, locked: 0n, shortfall: 40n });
  });
});
