/**
 * The moves of 10 October 2025 and 12 March 2020, and a gap of 30 % in one step, on 500 accounts
 * and 10 markets: liquidation and the waterfall against the contracts alone. Where the recordings
 * are absent their place is taken by the gap.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { firstFundAccount } from '@holdfast/units';
import {
  type Cascade,
  cashOf,
  differing,
  equityOf,
  inNeed,
  liabilities,
  marketsCount,
  moveTo,
  relieve,
  setStage,
  targetOf,
} from './harness/cascade.ts';
import { recordedSteps } from './harness/panel.ts';

const data = process.env.HOLDFAST_DATA ?? join(import.meta.dirname, '../../../shared/data');
const folder = join(data, 'events30m');
const gap = [Array.from({ length: marketsCount }, (_, m) => (m % 3 === 2 ? 1.3 : 0.7))];

function stepsOf(name: string, from: string, bars: number): number[][] {
  const path = join(folder, `panel_${name}.csv.gz`);
  if (!existsSync(path)) return gap;
  return recordedSteps(path, Date.parse(`${from}Z`) / 1_000, bars);
}

async function holds(c: Cascade, where: string): Promise<void> {
  assert.equal(cashOf(c), (await liabilities(c)) << 32n, `${where}: Σ cash is not the vault's`);
  const net = new Map<number, number>();
  for (const { positions } of c.mirror.accounts.values()) {
    for (const [market, size] of positions) net.set(market, (net.get(market) ?? 0) + size);
  }
  assert.ok(
    [...net.values()].every((size) => size === 0),
    `${where}: positions do not net`,
  );
  for (let m = 0; m < marketsCount; m += 1) {
    const equity = await equityOf(c, firstFundAccount + m);
    assert.ok(equity >= 0n, `${where}: the fund of market ${m} is at ${equity}`);
  }
  assert.ok((await equityOf(c, c.backstop)) >= 0n, `${where}: the backstop is negative`);
}

async function replay(name: string, steps: readonly number[][]): Promise<Cascade> {
  const began = performance.now();
  const c = await setStage();
  try {
    for (const [i, step] of steps.entries()) {
      await moveTo(c, targetOf(step));
      await relieve(c);
      await holds(c, `${name}, step ${i}`);
      assert.equal(inNeed(c), 0, `${name}, step ${i}: somebody was left in need`);
    }
    const all = [...c.mirror.accounts.keys()];
    assert.deepEqual(await differing(c, all), [], 'views and logs differ');
    const { tally } = c;
    const { toBackstop, deleveraged, toFund, needed } = tally;
    assert.equal(toBackstop + deleveraged + toFund, needed, 'more was deleveraged than needed');
    const seconds = Math.round((performance.now() - began) / 1_000);
    console.log(
      `${name}: ${tally.liquidations} liquidations, ${tally.resolutions} resolutions of ` +
        `${needed} lots (${toBackstop} to the backstop, ${deleveraged} deleveraged, ` +
        `${toFund} to funds), ` +
        `${tally.compared} accounts compared, ` +
        `covered ${tally.covered} in ${tally.payments} payments, ` +
        `levied ${tally.levied} quote units, ` +
        `refused ${JSON.stringify([...tally.refusals])}, ${seconds} s`,
    );
    return c;
  } finally {
    c.venue.chain.process.kill('SIGKILL');
  }
}

describe('cascade', () => {
  it('holds through 10 October 2025', async () => {
    const c = await replay('2025-10-10', stepsOf('2025-10-10', '2025-10-10T20:30:00', 4));
    assert.ok(c.tally.liquidations + c.tally.resolutions > 50, 'nothing happened');
  });

  it('holds through 12 March 2020', async () => {
    const c = await replay('2020-03-12', stepsOf('2020-03-12', '2020-03-12T10:00:00', 4));
    assert.ok(c.tally.liquidations + c.tally.resolutions > 50, 'nothing happened');
  });

  it('holds through a gap of 30 % in one step', async () => {
    const c = await replay('gap', gap);
    assert.ok(c.tally.resolutions > 50, 'nothing happened');
    assert.ok(c.tally.payments > 10, 'no fund paid twice');
  });
});
