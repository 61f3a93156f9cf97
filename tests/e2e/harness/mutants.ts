/** Mutants of the rules in TypeScript: each must differ from the chain on some sample. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../../tools/sources.mjs';

/** A fault, one for each term and rounding: a text that occurs once, and what it becomes. */
export type Mutant = readonly [name: string, from: string, to: string];

/** Mutants of one file. */
export type Mutants = {
  readonly file: string;
  /** Operations whose samples must tell them. */
  readonly operations: readonly string[];
  readonly mutants: readonly Mutant[];
};

const margin: readonly Mutant[] = [
  [
    'open interest rounded down',
    'Number(ceilDiv(BigInt(ppmOne - initialPpm) * above, span))',
    'Number((BigInt(ppmOne - initialPpm) * above) / span)',
  ],
  ['open interest beyond the whole', 'if (above >= span) return ppmOne as Ppm;', ''],
  ['open interest from the wrong part', 'cap * BigInt(openInterestLowPpm)', 'cap'],
  [
    'open interest on when it is off',
    'openInterestLowPpm >= openInterestHighPpm',
    'openInterestLowPpm > openInterestHighPpm',
  ],
  ['open interest left out', 'Math.max(market.marketPpm, userPpm,', 'Math.max(userPpm,'],
  ['own leverage left out', 'Math.max(market.marketPpm, userPpm,', 'Math.max(market.marketPpm,'],
  [
    'concentration rounded down',
    '(product - rest) / whole + (rest > 0 ? 1 : 0)',
    '(product - rest) / whole',
  ],
  [
    'large concentration rounded down',
    'Number(ceilDiv(BigInt(factor) * BigInt(part), BigInt(whole)))',
    'Number((BigInt(factor) * BigInt(part)) / BigInt(whole))',
  ],
  ['a share above one', 'Math.max(market.openInterest, lots)', '(market.openInterest || 1)'],
  [
    'concentration without its cap',
    'Math.min(concentrationCapPpm, initialPpm + partUp(concentrationPpm, lots, whole))',
    '(initialPpm + partUp(concentrationPpm, lots, whole))',
  ],
  [
    'concentration left out',
    'userPpm, concentratedPpm(market, size))',
    'userPpm, market.initialPpm)',
  ],
  [
    'maintenance that crowding raises',
    'market.tickValue, market.maintenancePpm)',
    'market.tickValue, market.maintenancePpm + market.marketPpm - market.initialPpm)',
  ],
  [
    'requirements rounded down',
    'ceilDiv(amount * BigInt(ppm), BigInt(ppmOne))',
    '((amount * BigInt(ppm)) / BigInt(ppmOne))',
  ],
  [
    'small requirements rounded down',
    'Math.ceil((rest * ppm) / ppmOne)',
    'Math.floor((rest * ppm) / ppmOne)',
  ],
  ['equity rounded to zero', '(worth >> q32Bits)', '(worth / (1n << q32Bits))'],
  ['close-out rounded up', '((maintenance * 2n) / 3n)', '((maintenance * 2n + 2n) / 3n)'],
  ['two positions beside isolation', 'all.length < 2', 'all.length < 3'],
  ['flips that do not grow', 'before < 0 !== after < 0 || ', ''],
];

const liquidation: readonly Mutant[] = [
  [
    'a share of a debt rounded to zero',
    'floorDiv(equity * freed, maintenance)',
    '((equity * freed) / maintenance)',
  ],
  ['freed as if it were not rounded', 'need(size) - need(size - moved)', 'need(moved)'],
  [
    'a zero discount rounded up',
    'worth / (BigInt(lots) * BigInt(tickValue))',
    'ceilDiv(worth, BigInt(lots) * BigInt(tickValue))',
  ],
  [
    'a surcharge rounded down',
    'ceilDiv(loss, BigInt(lots) * BigInt(tickValue))',
    'loss / (BigInt(lots) * BigInt(tickValue))',
  ],
  [
    'a discount beyond that of zero equity',
    'maintenance - maxBig(equity, 0n)',
    'maintenance - equity',
  ],
  [
    'a discount rounded up',
    'scaled / (maintenance * 2n * million)',
    'ceilDiv(scaled, maintenance * 2n * million)',
  ],
  ['a partial size short of one unit', '11n * (maintenance + 1n)', '11n * maintenance'],
  ['a partial size without the penalty', 'BigInt(penaltyPpmMax) * lotValue + million', 'million'],
  [
    'a partial size rounded down',
    'ceilDiv(missing * million, gained - lost)',
    '(missing * million) / (gained - lost)',
  ],
  ['all lots where a part would do', 'gained <= lost', 'gained <= 2n * lost'],
  ['a speed of no lots', 'Math.max(1, Number(', 'Math.max(0, Number('],
  [
    'a speed rounded up',
    '(BigInt(size) * BigInt(partPpm)) / million',
    'ceilDiv(BigInt(size) * BigInt(partPpm), million)',
  ],
  [
    'a penalty beyond the zero price',
    'minBig((amount * BigInt(penaltyPpmMax)) / million, left)',
    '(amount * BigInt(penaltyPpmMax)) / million + 0n * left',
  ],
  [
    'a penalty without its part of notional',
    'minBig((amount * BigInt(penaltyPpmMax)) / million, left)',
    'left + 0n * amount',
  ],
  ['a reward for an old flag', 'elapsed > flagSecondsMax ? 0 : ', ''],
  ['a flag that ends a second early', 'elapsed > flagSecondsMax', 'elapsed >= flagSecondsMax'],
  ['a reward that grows on', 'Math.min(elapsed, rewardSeconds)', 'elapsed'],
  [
    'a reward rounded by the second',
    'BigInt(span * time) / BigInt(rewardSeconds)',
    'BigInt(time) * (BigInt(span) / BigInt(rewardSeconds))',
  ],
  ['a levy rounded down', 'ceilDiv(loss << q32Bits, lots)', '(loss << q32Bits) / lots'],
];

const deleveraging: readonly Mutant[] = [
  ['a lever of nothing', '/ equity + 1n', '/ equity'],
  [
    'a lever without its bound',
    'minBig((maintenance << leverBits) / equity + 1n, leverMax)',
    '(maintenance << leverBits) / equity + 1n',
  ],
  ['weights without leverage', 'BigInt(size) * lever', 'BigInt(size) + 0n * lever'],
  [
    'a weight for whoever is not eligible',
    'each.room === 0 ? sum : sum + weight(each)',
    'sum + weight(each)',
  ],
  ['more than there is room for', 'Math.min(each.room, Number(', 'Math.max(0, Number('],
  ['the lowest lever first', 'x > y ? -1 : 1', 'x > y ? 1 : -1'],
  ['the later one among equals', 'x === y ? a - b', 'x === y ? b - a'],
  [
    'a remainder that nobody takes',
    '  for (const i of rank) {',
    '  for (const i of [] as number[]) {',
  ],
];

const mark: readonly Mutant[] = [
  [
    'a mark that stands still for ever',
    'Math.max(span(carried, markSlewPpm), 1)',
    'span(carried, markSlewPpm)',
  ],
  ['a mark without slew', '!before?.price', '!before?.price || true'],
  ['a mark that the index leaves behind', 'carry(before, index);', 'before.mark;'],
  ['a carried mark rounded up', '/ BigInt(price);', '/ BigInt(price) + 1n;'],
  ['a carried mark beyond its width', 'carried < ticksMax ? carried : ticksMax', 'carried'],
  ['a mark without clamp', 'near(slewed, index, span(index, clampPpm)) as', 'slewed as'],
  ['a mark of zero', 'Math.max(centre - width, 1)', 'centre - width'],
  ['a mark beyond its width', 'Math.min(centre + width, ticksMax)', 'centre + width'],
  [
    'spans rounded up',
    'Number((BigInt(ticks) * BigInt(ppm)) / BigInt(ppmOne))',
    'Math.ceil((ticks * ppm) / ppmOne)',
  ],
];

const aged: readonly Mutant[] = [
  [
    'an average that may pass the price',
    'elapsed) / (BigInt(agedSeconds) + elapsed)',
    'elapsed) / BigInt(agedSeconds)',
  ],
  [
    'a move rounded away from zero',
    'agedQ32 + ((target - agedQ32) * elapsed) /',
    'target - ((target - agedQ32) * BigInt(agedSeconds)) /',
  ],
  ['an average that starts at zero', 'if (agedQ32 === 0n) return target;', ''],
  ['an aged price rounded up', 'agedQ32 >> 32n', '(agedQ32 + 0xffffffffn) >> 32n'],
];

const funding: readonly Mutant[] = [
  [
    'a gap charged in part',
    'elapsedSeconds > gapSecondsMax ? 0n',
    'elapsedSeconds > gapSecondsMax ? BigInt(gapSecondsMax)',
  ],
  ['a gap that begins early', 'elapsedSeconds > gapSecondsMax', 'elapsedSeconds >= gapSecondsMax'],
  [
    'a step rounded down',
    'truncDiv(rate * value * maxBig(elapsed, 0n), perDay)',
    '(rate * value * maxBig(elapsed, 0n) - (rate < 0n ? perDay - 1n : 0n)) / perDay',
  ],
  ['a rate without its least', 'Math.max(rate, -ratePpmMax)', 'rate'],
  [
    'a rate without its most',
    'Math.min(Math.max(rate, -ratePpmMax), ratePpmMax)',
    'Math.max(rate, -ratePpmMax)',
  ],
];

const profit: readonly Mutant[] = [
  ['the better price', 'index < mark ? index : mark', 'index < mark ? mark : index'],
  ['one price for both sides', 'lots > 0 === index < mark', 'index < mark'],
  ['an aged price that favours a short', 'lots < 0 && aged > price ? 1 : 0', '0'],
  ['a loss before there is an aged price', 'if (aged === 0) return 0n;', ''],
  ['an aged gain', 'loss > 0n ? loss : 0n', 'loss'],
  [
    'a haircut rounded down',
    'ceilDiv((worth - principal) * BigInt(ppm), BigInt(ppmOne))',
    '((worth - principal) * BigInt(ppm)) / BigInt(ppmOne)',
  ],
  ['a haircut of a loss', 'worth <= principal ? 0n : ', ''],
  ['a haircut of the principal', '(worth - principal) * BigInt(ppm)', 'worth * BigInt(ppm)'],
];

/** All of them, by the file that they are faults of. */
export const mutants: readonly Mutants[] = [
  {
    file: 'packages/risk/src/margin.ts',
    operations: ['factors', 'health', 'covers', 'transition'],
    mutants: margin,
  },
  {
    file: 'packages/risk/src/liquidation.ts',
    operations: ['liquidation', 'levyPerLot'],
    mutants: liquidation,
  },
  {
    file: 'packages/risk/src/deleverage.ts',
    operations: ['lever', 'allocate'],
    mutants: deleveraging,
  },
  { file: 'packages/oracle/src/mark.ts', operations: ['accepted'], mutants: mark },
  { file: 'packages/oracle/src/aged.ts', operations: ['aging'], mutants: aged },
  { file: 'packages/oracle/src/accept.ts', operations: ['funding'], mutants: funding },
  { file: 'packages/risk/src/profit.ts', operations: ['profit'], mutants: profit },
];

let copies = 0;

/** What a file exports with one fault, from a copy in `folder` that lives only for its import. */
export async function mutated(folder: string, file: string, mutant: Mutant): Promise<object> {
  const [, from, to] = mutant;
  const source = readFileSync(join(root, file), 'utf8');
  assert.equal(source.split(from).length, 2, `${from} occurs once`);
  const beside = pathToFileURL(dirname(join(root, file))).href;
  const text = source.replace(from, () => to).replace(/from '\.\//g, `from '${beside}/`);
  copies++;
  const path = join(folder, `mutant-${copies}.ts`);
  writeFileSync(path, text);
  return (await import(pathToFileURL(path).href)) as object;
}
