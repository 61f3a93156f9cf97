/** All laws, by number. */
import type { Law } from '../law.ts';
import { controlLaws } from './control.ts';
import { leavingLaws } from './leaving.ts';
import { stateLaws } from './state.ts';
import { stewardLaws } from './steward.ts';
import { tradingLaws } from './trading.ts';

/** Every law of the venue, in the order of its id. */
export const LAWS: readonly Law[] = [
  ...stateLaws,
  ...tradingLaws,
  ...controlLaws,
  ...leavingLaws,
  ...stewardLaws,
].sort((a, b) => (a.id < b.id ? -1 : 1));

/** Laws that one snapshot of the whole venue is enough for: what `Laws.evaluate` judges. */
export const snapshotLaws: readonly Law[] = LAWS.filter(({ name }) =>
  ['collateralConserved', 'vaultCovers', 'netPositionZero', 'openInterestIsLongs'].includes(name),
);

/** The number of a law, the bit that it has in bitmaps. */
export function numberOf(law: Law): number {
  return Number(law.id.slice(1));
}
