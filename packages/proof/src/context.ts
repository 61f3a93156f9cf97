/** What the chain says of a pool's markets at a block, one word for each of sixteen slots. */
import { invariant, type Rejection, reject } from '@holdfast/units';

/** Slots of a pool. */
export const markets = 16;

/** One market at a block. */
export type SlotContext = {
  /** Mark price times tick value: quote units of one lot, below 2^80. */
  readonly lotValue: bigint;
  readonly maintenancePpm: number;
  readonly initialPpm: number;
  /** Cumulative funding of one lot, quote Q32, |x| < 2^112. */
  readonly fundingIndex: bigint;
};

/** All slots; undefined: no market is in it. */
export type PoolContext = readonly (SlotContext | undefined)[];

const lotBits = 80n;
const ppmBits = 24n;
const indexOffset = 1n << 112n;
const wordEnd = 1n << 241n;

/** A slot's word: lotValue | maintenance << 80 | initial << 104 | (index + 2^112) << 128. */
export function contextWord(slot: SlotContext | undefined): bigint | Rejection {
  if (slot === undefined) return 0n;
  const { lotValue, maintenancePpm, initialPpm, fundingIndex } = slot;
  const fits =
    lotValue > 0n &&
    lotValue < 1n << lotBits &&
    [maintenancePpm, initialPpm].every((ppm) => Number.isInteger(ppm) && ppm >= 0) &&
    Math.max(maintenancePpm, initialPpm) < 2 ** Number(ppmBits) &&
    fundingIndex > -indexOffset &&
    fundingIndex < indexOffset;
  if (!fits) {
    const found = `lotValue ${lotValue}, ppm ${maintenancePpm} and ${initialPpm}`;
    return reject('ContextOutOfRange', `${found}, index ${fundingIndex}: out of range`);
  }
  return (
    lotValue |
    (BigInt(maintenancePpm) << lotBits) |
    (BigInt(initialPpm) << (lotBits + ppmBits)) |
    ((fundingIndex + indexOffset) << 128n)
  );
}

/** A slot from its word. */
export function slotOf(word: bigint): SlotContext | undefined {
  invariant(word >= 0n && word < wordEnd, `${word} is no context word`);
  if (word === 0n) return undefined;
  const part = (at: bigint, bits: bigint): bigint => (word >> at) & ((1n << bits) - 1n);
  return {
    lotValue: part(0n, lotBits),
    maintenancePpm: Number(part(lotBits, ppmBits)),
    initialPpm: Number(part(lotBits + ppmBits, ppmBits)),
    fundingIndex: part(128n, 113n) - indexOffset,
  };
}

/** The sixteen words. Slots that are missing at the end are unused. */
export function contextWords(context: PoolContext): bigint[] | Rejection {
  if (context.length > markets) {
    return reject('ContextOutOfRange', `${context.length} slots, ${markets} at most`);
  }
  const found: bigint[] = [];
  for (let i = 0; i < markets; i++) {
    const word = contextWord(context[i]);
    if (typeof word !== 'bigint') return word;
    found.push(word);
  }
  return found;
}
