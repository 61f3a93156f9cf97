/**
 * `node --import tsx packages/sentinel/src/rules/calibrate/main.ts`: measures every rule with a
 * budget on benign data and writes generated/calibration.ts. Recorded data are at `HOLDFAST_DATA`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BlockView } from '../../rule.ts';
import type { Curve } from '../kit/budget.ts';
import type { RuleModule } from '../kit/define.ts';
import { registry } from '../registry.ts';
import { createCounter } from './count.ts';
import { barsOf, crowded, funding, panelOf, reports } from './recorded.ts';
import { calls, days, month, rounds } from './views.ts';

const data = process.env.HOLDFAST_DATA ?? '../shared/data';
const great = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'];

/** Benign data of a rule: stretches that follow each other in no time. */
interface Exposure {
  readonly id: string;
  readonly on: string;
  readonly quietSeconds: number;
  readonly stretches: () => readonly Iterable<BlockView>[];
}

const perp15m = () =>
  barsOf(great.map((symbol) => join(data, `perp15m/${symbol}_perp_15m.csv.gz`)));
const panels = ['2020-03-12', '2024-04-13', '2024-08-05', '2025-10-10'].map(
  (day) => () => panelOf(join(data, `events30m/panel_${day}.csv.gz`), great.slice(0, 2)),
);

/** What each rule with a budget is measured on. */
export const exposures: readonly Exposure[] = [
  {
    id: 'systemic-minutes',
    on: 'recorded 15-minute bars of BTC, ETH and SOL perpetuals, 2024-01 to 2025-06',
    quietSeconds: 3600,
    stretches: () => [reports(perp15m(), 900)],
  },
  {
    id: 'funding-spike',
    on: 'recorded funding of BTC, ETH and SOL perpetuals, 2023-01 to 2025-06',
    quietSeconds: 86_400,
    stretches: () => [funding(join(data, 'funding'), great)],
  },
  {
    id: 'liquidation-cluster',
    on: 'a crowd of 50 on recorded bars of BTC, ETH and SOL, 2024-01 to 2025-06, and four crashes',
    quietSeconds: 3600,
    stretches: () => [
      crowded(perp15m(), 900, 'calibration'),
      ...panels.map((panel, at) => crowded(panel(), 1800, `crash ${at}`)),
    ],
  },
  {
    id: 'source-attrition',
    on: 'three simulated months of two-second rounds, 0.3 % lost, a source replaced every week',
    quietSeconds: 3600,
    stretches: () => [rounds(3, 'calibration')],
  },
  {
    id: 'unusual-calls',
    on: 'simulated calls of 24 months: three reverts an hour, storms of them, wrong contracts',
    quietSeconds: 3600,
    stretches: () => [calls(24, 'calibration')],
  },
  {
    id: 'account-drift',
    on: 'simulated days of 120 accounts over 48 months, busy weeks and changing people',
    quietSeconds: 3 * 86_400,
    stretches: () => [days(48, 'calibration')],
  },
];

/** Measures one rule. */
export function calibrate(module: RuleModule, { on, quietSeconds, stretches }: Exposure): Curve {
  const counter = createCounter(quietSeconds);
  let seconds = 0;
  for (const views of stretches()) {
    let memory = module.blank({});
    let [first, last] = [0, 0];
    counter.cut();
    for (const view of views) {
      const { memory: next, scores } = module.measure(view, memory);
      memory = next;
      for (const { key, value } of scores) counter.add(key, view.timestamp, value);
      if (first === 0) first = view.timestamp;
      last = view.timestamp;
    }
    seconds += last - first;
  }
  return counter.curve(seconds / month, on);
}

function text(curves: Readonly<Record<string, Curve>>): string {
  const rows = Object.entries(curves).map(
    ([id, { months, on, levels }]) =>
      `  '${id}': {\n    months: ${months},\n    on: '${on}',\n    levels: [\n` +
      `${levels.map(([level, n]) => `      [${level}, ${n}],`).join('\n')}\n    ],\n  },`,
  );
  return (
    '/** Written by calibrate/main.ts; see docs/SENTINEL.md. */\n' +
    "import type { Curve } from '../kit/budget.ts';\n\n" +
    'export const calibration: Readonly<Record<string, Curve>> = {\n' +
    `${rows.join('\n')}\n};\n`
  );
}

async function main(only: readonly string[]): Promise<void> {
  const path = join(import.meta.dirname, '../generated/calibration.ts');
  const { calibration } = await import('../generated/calibration.ts');
  const curves: Record<string, Curve> = { ...calibration };
  for (const exposure of exposures) {
    const module = registry.find(({ rule }) => rule.id === exposure.id);
    if (module === undefined || (only.length > 0 && !only.includes(exposure.id))) continue;
    const began = Date.now();
    const curve = calibrate(module, exposure);
    curves[exposure.id] = curve;
    const seconds = Math.round((Date.now() - began) / 1000);
    console.log(
      `${exposure.id}: ${curve.months} months, ${curve.levels.length} levels, ${seconds} s`,
    );
  }
  writeFileSync(path, text(curves));
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
