/** A member's holdings: what they are worth, and the leaf that commits to them. */
import { absBig, ceilDiv, type Rejection, reject } from '@holdfast/units';
import { markets, type PoolContext } from './context.ts';
import { hash2, isField } from './field.ts';

/** Cash (quote Q32, |x| < 2^127) and signed lots of every slot (|x| < 2^56). */
export type Holding = { readonly cash: bigint; readonly sizes: readonly bigint[] };

/** A member as the leaf has it. */
export type Member = Holding & {
  /** Hash of the member's secret and address. */
  readonly key: bigint;
  /** Random field element, which makes the leaf hide what it holds. */
  readonly salt: bigint;
};

/** Equity (quote Q32 and whole units, rounded down) and requirements, rounded up by position. */
export type Standing = {
  readonly equityQ32: bigint;
  readonly equity: bigint;
  readonly maintenance: bigint;
  readonly initial: bigint;
};

export const cashOffset = 1n << 127n;
export const sizeOffset = 1n << 56n;

/** The commitment of a member that it registers: H2(secret, address). */
export const memberKey = (secret: bigint, owner: bigint): bigint => hash2(secret, owner);

/** Who is at a place beyond the last member. */
export const nobody: Member = {
  key: 0n,
  salt: 0n,
  cash: 0n,
  sizes: Array.from({ length: markets }, () => 0n),
};

/** The first value that no leaf can hold, told; undefined: all is in range. */
export function holdingFault({ cash, sizes }: Holding): Rejection | undefined {
  if (absBig(cash) >= cashOffset) {
    return reject('CashOutOfRange', `cash ${cash} is not within 2^127`, { cash: `${cash}` });
  }
  if (sizes.length !== markets) {
    return reject('SizeOutOfRange', `${sizes.length} sizes, ${markets} are needed`);
  }
  const slot = sizes.findIndex((size) => absBig(size) >= sizeOffset);
  if (slot < 0) return undefined;
  const size = `${sizes[slot]}`;
  return reject('SizeOutOfRange', `${size} lots in slot ${slot} are not within 2^56`, {
    slot,
    size,
  });
}

/** As {@link holdingFault}, and key and salt are of the field. */
export function memberFault(member: Member): Rejection | undefined {
  if (!isField(member.key) || !isField(member.salt)) {
    return reject('NotInField', 'key and salt must be below the order of the field');
  }
  return holdingFault(member);
}

/**
 * What a holding is worth and asks for: `health` of the risk package at base margins.
 *
 * @returns a rejection `SizeInUnusedSlot` when there is a position without a market
 */
export function standingOf(holding: Holding, context: PoolContext): Standing | Rejection {
  let equityQ32 = holding.cash;
  let maintenance = 0n;
  let initial = 0n;
  for (const [slot, size] of holding.sizes.entries()) {
    if (size === 0n) continue;
    const market = context[slot];
    if (market === undefined) {
      const data = { slot, size: `${size}` };
      return reject('SizeInUnusedSlot', `${size} lots in slot ${slot}, which has no market`, data);
    }
    const amount = absBig(size) * market.lotValue;
    equityQ32 += size * ((market.lotValue << 32n) - market.fundingIndex);
    maintenance += ceilDiv(amount * BigInt(market.maintenancePpm), 1_000_000n);
    initial += ceilDiv(amount * BigInt(market.initialPpm), 1_000_000n);
  }
  return { equityQ32, equity: equityQ32 >> 32n, maintenance, initial };
}

/** The four words of four sizes each, 57 bits a size, the lowest slot lowest. */
export function sizeWords(sizes: readonly bigint[]): bigint[] {
  return [0, 4, 8, 12].map((at) =>
    sizes
      .slice(at, at + 4)
      .reduce((word, size, j) => word + ((size + sizeOffset) << BigInt(57 * j)), 0n),
  );
}

/** A member's leaf: key, salt, cash and sizes, folded. Assumes: {@link memberFault} finds none. */
export const leafOf = ({ key, salt, cash, sizes }: Member): bigint =>
  [cash + cashOffset, ...sizeWords(sizes)].reduce(hash2, hash2(key, salt));
