import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { ledgerPath, openLedger } from '../src/index.ts';
import { now, payee, token, units } from './fixture.ts';

const hash = (digit: string): Hex => `0x${digit.repeat(64)}`;
const day = 86_400;

describe('a ledger', () => {
  const dir = mkdtempSync(join(tmpdir(), 'hl-'));
  after(() => rmSync(dir, { recursive: true, force: true }));
  const tUSD = { address: token, symbol: 'tUSD', decimals: 6 };
  const release = (digit: string, whole: bigint, nonce: bigint, isAutomatic = true) => ({
    digest: hash(digit),
    nonce,
    expiry: now + 3_600,
    payments: [{ token: tUSD, to: payee, amount: whole * units }],
    isAutomatic,
  });

  it('counts each instruction once, and forgets nothing by a restart', async () => {
    const first = openLedger(dir);
    await first.release(release('a', 100n, 4n), now);
    await first.release(release('a', 100n, 4n), now + 60);
    await first.release(release('b', 30n, 5n, false), now + 1);
    for (const ledger of [first, openLedger(dir)]) {
      const used = ledger.used(token.toUpperCase().replace('0X', '0x'), now + 2, hash('c'));
      assert.deepEqual(used, { all: 130n * units, automatic: 100n * units });
      // An instruction is not held against itself.
      assert.equal(ledger.used(token, now + 2, hash('a')).all, 30n * units);
      assert.ok(ledger.isTaken(4n, now + 3_600, hash('c')));
      assert.ok(!ledger.isTaken(4n, now + 3_601, hash('c')));
      assert.ok(!ledger.isTaken(4n, now, hash('a')));
      assert.ok(!ledger.isTaken(6n, now, hash('c')));
    }
    // The mutant: a signer without its file knows of nothing.
    assert.equal(openLedger(join(dir, 'elsewhere')).used(token, now, hash('c')).all, 0n);
  });

  it('lets go of a day after a day, and no second before', () => {
    const ledger = openLedger(dir);
    assert.equal(ledger.used(token, now + day - 1, hash('c')).all, 130n * units);
    assert.equal(ledger.used(token, now + day, hash('c')).all, 30n * units);
    assert.equal(ledger.used(token, now + day + 1, hash('c')).all, 0n);
  });

  it('remembers what its operator refused', async () => {
    await openLedger(dir).refuse(hash('d'), now + 60, now);
    assert.ok(openLedger(dir).isRefused(hash('d')));
    assert.ok(!openLedger(dir).isRefused(hash('e')));
  });

  it('is not begun anew when it is damaged', () => {
    const text = readFileSync(ledgerPath(dir), 'utf8');
    for (const bad of ['{', '{"version":1}', text.replace('"signed"', '"sighed"')]) {
      writeFileSync(ledgerPath(dir), bad);
      assert.throws(
        () => openLedger(dir),
        (error) => error instanceof EnvironmentError && /Malformed/.test(error.code),
      );
    }
    writeFileSync(ledgerPath(dir), text);
    assert.equal(openLedger(dir).used(token, now, hash('c')).all, 130n * units);
  });
});
