/** A crowd on the recorded days around 10 October 2025, as blocks. */
import { join } from 'node:path';
import type { BlockView } from '../src/rule.ts';
import { crowded, panelOf } from '../src/rules/calibrate/recorded.ts';

const data = process.env.HOLDFAST_DATA ?? join(import.meta.dirname, '../../../../shared/data');
export const barsFrom = join(data, 'events30m/panel_2025-10-10.csv.gz');

let made: readonly BlockView[] | undefined;

/** Made once; four days around the fall. */
export function benignBars(): readonly BlockView[] {
  const from = Date.parse('2025-10-09T00:00Z') / 1000;
  const symbols = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'DOGEUSDT'];
  made ??= [
    ...crowded(
      panelOf(barsFrom, symbols).filter(({ ts }) => ts >= from && ts < from + 4 * 86_400),
      1800,
      'recorded',
    ),
  ];
  return made;
}

/** Lets go of them. */
export function forgetBars(): void {
  made = undefined;
}
