import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  backtest,
  createNormal,
  createPanel,
  ewma,
  excursion,
  flooredMargin,
  har,
  harx,
  harxRegressors,
  marginBasis,
  normalOf,
  predict,
  qlike,
  quantile,
  randomOf,
  realized,
  regress,
  stepped,
  syntheticSeries,
  wantedTuple,
} from '../src/index.ts';

const panel = createPanel(syntheticSeries(['BTC', 'ETH'], 6_000, 3), 3_600);

describe('least squares', () => {
  it('finds the coefficients that made the numbers', () => {
    const normal = createNormal(2);
    const random = randomOf(1);
    for (let i = 0; i < 200; i += 1) {
      const x = [random() * 10, random() - 5];
      normal.add(x, 3 + 2 * x[0]! - 0.5 * x[1]!);
    }
    const found = normal.solve()!;
    for (const [i, each] of [3, 2, -0.5].entries()) {
      assert.ok(Math.abs(found[i]! - each) < 1e-8);
    }
    assert.ok(Math.abs(predict(found, [1, 2]) - 4) < 1e-8);
  });

  it('says when rows are too few or say the same', () => {
    const normal = createNormal(2);
    for (let i = 0; i < 3; i += 1) normal.add([i, 2 * i], i);
    assert.equal(normal.solve(), undefined);
    for (let i = 0; i < 30; i += 1) normal.add([i, 2 * i], i);
    assert.equal(normal.solve(), undefined);
  });

  it('leaves out rows with a gap', () => {
    const normal = createNormal(1);
    normal.add([Number.NaN], 1);
    normal.add([1], Number.NaN);
    assert.equal(normal.rows(), 0);
  });

  it('takes the quantile that is not below its part', () => {
    assert.equal(quantile([4, 1, 3, 2], 0.5), 2);
    assert.equal(quantile([4, 1, 3, 2], 0.51), 3);
    assert.equal(quantile([4, 1, 3, 2], 1), 4);
    assert.ok(Number.isNaN(quantile([], 0.5)));
  });
});

describe('a panel', () => {
  const bar = (ts: number, close: number) => ({ ts, high: close, low: close, close });
  it('leaves gaps as gaps', () => {
    const bars = [0, 1, 2, 3, 4, 9].map((i) => bar(i * 60, 100 + i));
    const small = createPanel(new Map([['A', bars]]), 60);
    assert.equal(small.length, 10);
    assert.ok(small.mean('squares', 0, 4, 4) > 0);
    assert.ok(Number.isNaN(small.mean('squares', 0, 8, 4)));
    assert.ok(Number.isNaN(small.mean('squares', 0, 2, 4)));
  });

  it('refuses prices that are none, and no bars', () => {
    assert.throws(() => createPanel(new Map([['A', [bar(0, 0)]]]), 60));
    assert.throws(() => createPanel(new Map(), 60));
  });
});

describe('models', () => {
  it('see nothing of the future', () => {
    const series = syntheticSeries(['BTC', 'ETH'], 6_000, 3);
    const at = 4_000;
    const cut = new Map([...series].map(([name, bars]) => [name, bars.slice(0, at + 1)]));
    const short = createPanel(cut, 3_600);
    assert.deepEqual(regress(short, harxRegressors, 1, at), regress(panel, harxRegressors, 1, at));
    for (const model of [har, harx, ewma()]) {
      const [long, seen] = [model.fit(panel, at)!, model.fit(short, at)!];
      assert.deepEqual(seen.parameters, long.parameters);
      assert.equal(seen.variance(short, 1, at), long.variance(panel, 1, at));
    }
  });

  it('say nothing where too little is known', () => {
    const fitted = har.fit(panel, 4_000)!;
    assert.equal(fitted.variance(panel, 0, 100), undefined);
    assert.equal(har.fit(panel, 700), undefined);
    assert.equal(ewma().fit(panel, 0)!.variance(panel, 0, 20), undefined);
  });

  it('are right on average', () => {
    const fitted = harx.fit(panel, 4_000)!;
    let [sum, count] = [0, 0];
    for (let at = 800; at < 3_900; at += 7) {
      sum += realized(panel, 0, at) / fitted.variance(panel, 0, at)!;
      count += 1;
    }
    assert.ok(Math.abs(sum / count - 1) < 0.3, `${sum / count}`);
  });

  it('lose nothing when they are exact', () => {
    assert.equal(qlike(2, 2), 0);
    assert.ok(qlike(2, 1) > 0 && qlike(1, 2) > 0);
  });
});

describe('margins', () => {
  const fitted = harx.fit(panel, 4_000)!;
  it('cover what they are made for', () => {
    const basis = marginBasis(panel, fitted, 0, 4_000)!;
    let [over, count] = [0, 0];
    for (let at = 4_000; at < 5_990; at += 1) {
      const variance = fitted.variance(panel, 0, at);
      if (variance === undefined) continue;
      count += 1;
      if (excursion(panel, 0, at) > flooredMargin(basis, variance)) over += 1;
    }
    assert.ok(count > 1_900 && over / count < 0.01, `${over} of ${count}`);
  });

  it('never fall below the long run, however calm it is', () => {
    const basis = { multiple: 4, longRun: 0.01, fixed: 0.05, rows: 1_000 };
    assert.equal(flooredMargin(basis, 0), 0.04);
    assert.equal(flooredMargin(basis, 0.0004), 0.08);
  });

  it('go to their target by bounded steps', () => {
    assert.ok(Math.abs(stepped(0.1, 0.9) - 0.11) < 1e-12);
    assert.ok(Math.abs(stepped(0.1, 0.01) - 0.0995) < 1e-12);
    assert.equal(stepped(0.1, 0.1001), 0.1001);
  });

  it('are unknown with too few rows', () => {
    assert.equal(marginBasis(panel, fitted, 0, 800), undefined);
  });
});

const anchor = {
  initialPpm: 50_000,
  maintenancePpm: 30_000,
  concentrationPpm: 100_000,
  fundingRatePpmMax: 120_000,
  openInterestMax: 1_000_000,
  backstopLotsMax: 1_000,
};

describe('what is wanted', () => {
  it('is the anchor while nothing is wrong', () => {
    assert.deepEqual(wantedTuple(anchor, { margin: 0.04, topShare: 0.1 }), anchor);
    const well = { margin: 0.01, topShare: 0.25, depthRatio: 3, cover: 9 };
    assert.deepEqual(wantedTuple(anchor, well), anchor);
  });

  it('follows margin, depth, concentration and cover, each for its field', () => {
    const high = wantedTuple(anchor, { margin: 0.1, topShare: 0 })!;
    assert.deepEqual([high.initialPpm, high.maintenancePpm], [100_000, 45_000]);
    const thin = wantedTuple(anchor, { margin: 0.1, topShare: 0, depthRatio: 0.8 })!;
    assert.deepEqual([thin.initialPpm, thin.openInterestMax], [125_000, 800_000]);
    const bare = wantedTuple(anchor, { margin: 0.01, topShare: 0, cover: 0.5 })!;
    assert.deepEqual([bare.openInterestMax, bare.backstopLotsMax], [500_000, 500]);
    const whale = wantedTuple(anchor, { margin: 0.01, topShare: 1 })!;
    assert.equal(whale.concentrationPpm, 300_000);
  });

  it('is never zero, and nothing when the model fails', () => {
    const worst = { margin: 50, topShare: 1, depthRatio: 0, cover: 0 };
    const { initialPpm, openInterestMax, backstopLotsMax } = wantedTuple(anchor, worst)!;
    assert.equal(initialPpm, 1_000_000);
    assert.ok(openInterestMax > 0 && backstopLotsMax > 0);
    for (const margin of [Number.NaN, 0, -1, Number.POSITIVE_INFINITY]) {
      assert.equal(wantedTuple(anchor, { margin, topShare: 0 }), undefined);
    }
  });
});

describe('a backtest', () => {
  it('finds clustered volatility in synthetic prices, walk-forward', () => {
    const folds: number[] = [];
    const result = backtest(panel, {
      marginAssets: ['BTC'],
      foldBars: 2_000,
      stride: 12,
      onFold: (fold) => folds.push(fold),
    });
    assert.deepEqual(folds, [1, 2]);
    const [base, , wide] = result.models;
    assert.equal(base?.againstHar, 0);
    assert.ok(wide !== undefined && wide.qlike < 1);
    const by = Object.fromEntries(result.margins.map((row) => [row.method, row]));
    assert.ok(by['fhs-floor']!.breaches <= by.fhs!.breaches);
    assert.ok(by['fhs-floor']!.peakToTrough < by.fhs!.peakToTrough);
    assert.ok(by['ewma-normal']!.breaches > by.fhs!.breaches);
  });

  it('refuses too short a past', () => {
    assert.throws(() => backtest(panel, { marginAssets: [] }), /needs/);
  });

  it('draws numbers that are normal and the same for a seed', () => {
    const [a, b] = [normalOf(randomOf(5)), normalOf(randomOf(5))];
    const values = Array.from({ length: 4_000 }, () => a());
    assert.equal(values[0], b());
    const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
    assert.ok(Math.abs(mean) < 0.05);
  });
});
