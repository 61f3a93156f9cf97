/** Every property that is proved, in the order of the table. */
import { accountProperties } from './properties/accounts.ts';
import { committeeProperties } from './properties/committees.ts';
import { controlProperties } from './properties/control.ts';
import { fallingProperties } from './properties/falling.ts';
import { priceProperties } from './properties/prices.ts';
import { roundingProperties, wordProperties } from './properties/rounding.ts';
import { stewardProperties } from './properties/steward.ts';
import { structureProperties } from './properties/structure.ts';
import { tradingProperties } from './properties/trading.ts';
import { treasuryProperties } from './properties/treasury.ts';
import type { Property } from './property.ts';

export const properties: readonly Property[] = [
  ...accountProperties,
  ...tradingProperties,
  ...fallingProperties,
  ...priceProperties,
  ...controlProperties,
  ...stewardProperties,
  ...committeeProperties,
  ...treasuryProperties,
  ...structureProperties,
  ...roundingProperties,
  ...wordProperties,
];
