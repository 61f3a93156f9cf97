import {
  type MakerShape,
  makerStrategy,
  type Strategy,
  takerStrategy,
  usualMaker,
  whaleStrategy,
} from './strategy.ts';

export type Role = 'maker' | 'taker' | 'momentum' | 'whale';

/** One simulated trader. */
export interface Part {
  role: Role;
  strategy: Strategy;
  /** Whole tokens that it begins with. */
  tokens: number;
  /** Mean wall ms between turns. */
  everyMs: number;
  /** Most orders that one turn sends. */
  ordersMax: number;
}

const makerTokens = 200_000;
const takerTokens = 50_000;
const whaleTokens = 20_000;

function maker(index: number, marketIds: readonly number[], shape: MakerShape): Part {
  // Two markets each, shifted, so that a few makers cover all of them.
  const own = [0, 1].map((step) => marketIds[(index * 2 + step) % marketIds.length] as number);
  return {
    role: 'maker',
    strategy: makerStrategy([...new Set(own)], shape),
    tokens: makerTokens,
    everyMs: 1500,
    ordersMax: shape.levels * 2,
  };
}

function taker(role: 'taker' | 'momentum'): Part {
  return {
    role,
    strategy: takerStrategy(role === 'taker' ? 'random' : 'momentum'),
    tokens: takerTokens,
    everyMs: 2500,
    ordersMax: 1,
  };
}

/**
 * Who trades in a process: a whale if wanted, two makers in five (at least one), takers of two
 * kinds.
 *
 * @param marketIds markets of the venue; the whale takes the last, the liveliest
 */
export function roster(count: number, marketIds: readonly number[], whale: boolean): Part[] {
  const parts: Part[] = [];
  const lively = marketIds.at(-1);
  if (whale && lively !== undefined && count > 2) {
    const strategy = whaleStrategy(lively);
    parts.push({ role: 'whale', strategy, tokens: whaleTokens, everyMs: 3000, ordersMax: 1 });
  }
  const makers = Math.max(1, Math.round((count - parts.length) * 0.4));
  // Few makers quote more, so that the book is never empty.
  const shape = makers >= marketIds.length ? usualMaker : { ...usualMaker, sizeTokens: 12_000 };
  for (let i = 0; i < makers && parts.length < count; i += 1) {
    parts.push(
      makers * 2 >= marketIds.length
        ? maker(i, marketIds, shape)
        : { ...maker(i, marketIds, shape), strategy: makerStrategy(marketIds, shape) },
    );
  }
  while (parts.length < count) parts.push(taker(parts.length % 3 === 0 ? 'momentum' : 'taker'));
  return parts;
}
