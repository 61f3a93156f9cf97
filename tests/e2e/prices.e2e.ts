/** Index, mark, aged price and funding: TypeScript and the contracts on the same random reports. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { oracleAbi } from '@holdfast/abi';
import {
  acceptReport,
  agedTicks,
  ageStep,
  decodeReport,
  emptyOracle,
  fundingDelta,
  type OracleState,
} from '@holdfast/oracle';
import { fromHex, isRejection, type MarketId, ppm, ticks } from '@holdfast/units';
import { numbers } from '../../packages/core/test/support.ts';
import { createRig, type Rig } from './harness/settle-rig.ts';

const rounds = 80;
const seed = 20_261_126;
let rig: Rig;

before(async () => {
  rig = await createRig(19_945 + (process.pid % 1_000), 1);
});
after(async () => {
  await rig?.end();
});

type Told = { state: OracleState; aged: bigint[]; index: bigint[] };

/** What the chain must make of a report, from what it made of those before. */
function next(told: Told, raw: `0x${string}`): Told {
  const report = decodeReport(fromHex(raw));
  assert.ok(!isRejection(report));
  const of = (id: MarketId) => rig.venue.markets[id] as Rig['venue']['markets'][number];
  const params = {
    reportSkewSecondsMax: 120,
    bandPpm: (id: MarketId) => ppm(of(id).bandPpm),
    markClampPpm: (id: MarketId) => ppm(of(id).markClampPpm),
  };
  const judged = acceptReport(told.state, report, params, report.time);
  assert.ok(!isRejection(judged), JSON.stringify(judged));
  const since = told.state.round === 0 ? 0 : report.time - told.state.time;
  const aged = report.quotes.map((q) => ageStep(told.aged[q.market] ?? 0n, q.price, since));
  const index = report.quotes.map((q) => {
    const { tickValue, fundingRatePpmMax, fundingGapSecondsMax } = of(q.market);
    const step = fundingDelta({
      rate: q.rate,
      fundingRatePpmMax: ppm(fundingRatePpmMax),
      price: q.price,
      tickValue,
      elapsedSeconds: since,
      gapSecondsMax: fundingGapSecondsMax,
    });
    return (told.index[q.market] ?? 0n) + step;
  });
  return { state: judged.state, aged, index };
}

async function compare(told: Told): Promise<void> {
  const oracle = { address: rig.venue.contracts.oracle, abi: oracleAbi } as const;
  for (const { id } of rig.venue.markets) {
    const args = [id] as const;
    const [quote, aged, market] = await Promise.all([
      rig.reader.readContract({ ...oracle, functionName: 'quote', args }),
      rig.reader.readContract({ ...oracle, functionName: 'aged', args }),
      rig.reader.readContract({ ...rig.house, functionName: 'market', args }),
    ]);
    const mine = told.state.prices.get(id as MarketId);
    const where = `market ${id}, round ${told.state.round}`;
    assert.deepEqual(quote.map(Number), [mine?.price, mine?.mark, mine?.time], where);
    assert.equal(aged, agedTicks(told.aged[id] ?? 0n), where);
    assert.deepEqual([market[0], market[1]], [told.index[id], mine?.time], where);
    assert.equal(rig.core.markets.get(id as MarketId)?.mark, mine?.mark, `core, ${where}`);
    assert.equal(rig.core.markets.get(id as MarketId)?.index, market[0], `core, ${where}`);
  }
}

describe('prices on the chain', { concurrency: false }, () => {
  it(`are those of the TypeScript twin over ${rounds} random reports`, async () => {
    const dice = numbers(seed);
    let told: Told = { state: emptyOracle, aged: [], index: [] };
    let prices = rig.venue.markets.map(() => 300_000 + dice(400_000));
    let [slewed, clamped] = [0, 0];
    for (let i = 0; i < rounds; i++) {
      prices = prices.map((price) => Math.round(price * (1 + (dice(181) - 90) / 2_000)));
      const marks = prices.map((price) =>
        ticks(Math.round(price * (1 + (dice(241) - 120) / 2_000))),
      );
      const at = rig.clock.now();
      while (rig.clock.now() <= at) await new Promise((resolve) => setTimeout(resolve, 50));
      const raw = rig.report(prices, marks, dice(400_000) - 200_000);
      assert.equal(await rig.push(raw), 'success');
      told = next(told, raw);
      await compare(told);
      marks.forEach((mark, id) => {
        const accepted = told.state.prices.get(id as MarketId)?.mark;
        const span = Math.floor(((prices[id] as number) * 20_000) / 1e6);
        if (accepted !== mark) slewed += 1;
        if (Math.abs((accepted ?? 0) - (prices[id] as number)) === span) clamped += 1;
      });
    }
    assert.ok(slewed > rounds / 4 && clamped > rounds / 8, `${slewed} moved, ${clamped} clamped`);
  });
});
