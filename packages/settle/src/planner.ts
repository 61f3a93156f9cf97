/** From pending fills to a batch: which, in what order, in which bytes. Pure. */
import { clearingHouseAbi } from '@holdfast/abi';
import type { UnconfirmedFill } from '@holdfast/core';
import {
  FOK,
  isProtocol,
  packedFillBytes,
  packedOrderBytes,
  packFill,
  packOrderInto,
  type SignedOrder,
} from '@holdfast/order';
import { concatBytes, fromHex, type Hex, invariant, keccak256, toHex } from '@holdfast/units';
import { encodeAbiParameters, encodeFunctionData } from 'viem';
import type { Version } from './books.ts';
import { type Crowd, uncrowded } from './crowd.ts';
import type { FillTerms } from './fills.ts';

/** Bounds of one batch. */
export type BatchLimits = {
  readonly fillsMax: number;
  /** Gas that the batch may use. */
  readonly gasMax: number;
};

/** What a batch costs, learnt from batches that landed. */
export type GasModel = {
  readonly base: number;
  readonly perOrder: number;
  readonly perFill: number;
  readonly perReport: number;
};

/** Before anything was learnt: measured on a first-touch batch, rounded up. */
export const firstGasModel: GasModel = {
  base: 150_000,
  perOrder: 75_000,
  perFill: 20_000,
  perReport: 220_000,
};

/** Where a batch goes and what it carries besides fills. */
export type BatchContext = {
  readonly number: number;
  readonly previous: Hex;
  readonly receipts: Hex;
  /** Report bytes, or '0x'. */
  readonly report: Hex;
  /** Round of that report, or null. */
  readonly round: number | null;
};

/** The most orders that a fill's u16 can point at. */
const ordersMax = 65_535;

function orderKey(order: SignedOrder): string {
  return `${order.account}:${order.lane}:${order.seq}`;
}

function byPlace(a: SignedOrder, b: SignedOrder): number {
  return a.account - b.account || a.lane - b.lane || a.seq - b.seq;
}

/** The distinct orders of fills, strictly ascending by (account, lane, seq). */
export function ordersOf(fills: readonly FillTerms[]): SignedOrder[] {
  const seen = new Map<string, SignedOrder>();
  for (const fill of fills) {
    for (const order of [fill.maker, fill.taker]) {
      if (!seen.has(orderKey(order))) seen.set(orderKey(order), order);
    }
  }
  return [...seen.values()].sort(byPlace);
}

/** Gas that a batch is expected to use. */
export function gasOf(model: GasModel, orders: number, fills: number, report: boolean): number {
  return (
    model.base + orders * model.perOrder + fills * model.perFill + (report ? model.perReport : 0)
  );
}

/**
 * Corrects the model by what a batch really used. The relation between the parts is kept; a
 * quarter of the error is taken over, so that one odd batch does not upset the next.
 */
export function learnGas(model: GasModel, expected: number, used: number): GasModel {
  const factor = Math.min(2, Math.max(0.5, 1 + (used / expected - 1) / 4));
  return {
    base: Math.ceil(model.base * factor),
    perOrder: Math.ceil(model.perOrder * factor),
    perFill: Math.ceil(model.perFill * factor),
    perReport: Math.ceil(model.perReport * factor),
  };
}

/**
 * Fills that must settle together: those of one fill-or-kill order, which the chain takes whole, or
 * of one order of the protocol, which it judges by how the account stood before. Ascending by id
 * inside and by first id outside.
 */
export function atomsOf<T extends FillTerms>(fills: readonly T[]): T[][] {
  const atoms: T[][] = [];
  const whole = new Map<string, T[]>();
  for (const fill of fills) {
    const isWhole = fill.taker.timeInForce === FOK || isProtocol(fill.taker);
    const key = isWhole ? orderKey(fill.taker) : undefined;
    const open = key === undefined ? undefined : whole.get(key);
    if (open !== undefined) {
      open.push(fill);
      continue;
    }
    const atom = [fill];
    atoms.push(atom);
    if (key !== undefined) whole.set(key, atom);
  }
  return atoms;
}

/**
 * Who is in a batch, to keep apart what the chain wants apart: an account for which the protocol
 * trades has no other order in its batch.
 */
function createParties() {
  const all = new Set<number>();
  const alone = new Set<number>();
  return {
    /** Whether an atom may join. */
    fits: (atom: readonly FillTerms[]): boolean =>
      atom.every(({ maker, taker }) => {
        if (alone.has(maker.account) || alone.has(taker.account)) return false;
        return !isProtocol(taker) || !all.has(taker.account);
      }),
    join(atom: readonly FillTerms[]): void {
      for (const { maker, taker } of atom) {
        all.add(maker.account).add(taker.account);
        if (isProtocol(taker)) alone.add(taker.account);
      }
    },
  };
}

/** The first fills up to `max` that do not crowd, whole atoms, at least one atom. */
export function firstFills<T extends FillTerms>(
  fills: readonly T[],
  max: number,
  crowd: Crowd = uncrowded,
): T[] {
  const taken: T[] = [];
  const parties = createParties();
  for (const atom of atomsOf(fills)) {
    const fits = taken.length + atom.length <= max && parties.fits(atom) && crowd.fits(atom);
    if (!fits && taken.length > 0) break;
    taken.push(...atom);
    parties.join(atom);
    crowd.join(atom);
  }
  return taken;
}

/**
 * The longest run of the oldest fills that fits the limits; at least one atom, so that an
 * oversized one is judged by the chain instead of blocking the queue for ever.
 *
 * @param fills pending fills, ascending by id
 * @param roundLast only fills of rounds up to this one
 * @param crowd what the fills add to open interest
 */
export function takeFills(
  fills: readonly UnconfirmedFill[],
  limits: BatchLimits,
  model: GasModel,
  report: boolean,
  roundLast: number,
  crowd: Crowd = uncrowded,
): UnconfirmedFill[] {
  const taken: UnconfirmedFill[] = [];
  const orders = new Set<string>();
  const parties = createParties();
  for (const atom of atomsOf(fills)) {
    if (atom.some((fill) => fill.round > roundLast)) break;
    const added = new Set(orders);
    for (const fill of atom) {
      added.add(orderKey(fill.maker));
      added.add(orderKey(fill.taker));
    }
    const count = taken.length + atom.length;
    const gas = gasOf(model, added.size, count, report);
    const small = count <= limits.fillsMax && gas <= limits.gasMax && added.size <= ordersMax;
    const fits = small && parties.fits(atom) && crowd.fits(atom);
    if (!fits && taken.length > 0) break;
    taken.push(...atom);
    parties.join(atom);
    crowd.join(atom);
    for (const key of added) orders.add(key);
  }
  return taken;
}

/** keccak(abi.encode(head, keccak(report), keccak(orders), keccak(fills), receipts)). */
export function nextHead(
  previous: Hex,
  report: Uint8Array,
  orders: Uint8Array,
  fills: Uint8Array,
  receipts: Hex,
): Hex {
  const words = [
    previous,
    toHex(keccak256(report)),
    toHex(keccak256(orders)),
    toHex(keccak256(fills)),
    receipts,
  ] as const;
  const shape = words.map(() => ({ type: 'bytes32' }) as const);
  return toHex(keccak256(fromHex(encodeAbiParameters(shape, words))));
}

/** Packs fills into a batch. Deterministic: equal input, equal bytes, equal head. */
export function encodeBatch(fills: readonly FillTerms[], context: BatchContext): Version {
  const orders = ordersOf(fills);
  invariant(orders.length <= ordersMax, 'a batch has too many orders');
  const place = new Map(orders.map((order, i) => [orderKey(order), i]));
  const packed = new Uint8Array(orders.length * packedOrderBytes);
  const signatures: Uint8Array[] = [];
  let offset = 0;
  orders.forEach((order, i) => {
    if (order.signature instanceof Uint8Array) {
      packOrderInto(packed, i * packedOrderBytes, order);
      return;
    }
    const { bytes } = order.signature;
    packOrderInto(packed, i * packedOrderBytes, order, { offset, length: bytes.length });
    signatures.push(bytes);
    offset += bytes.length;
  });
  const packedFills = new Uint8Array(fills.length * packedFillBytes);
  fills.forEach((fill, i) => {
    const maker = place.get(orderKey(fill.maker)) as number;
    const taker = place.get(orderKey(fill.taker)) as number;
    const bytes = packFill({ maker, taker, lots: fill.lots, price: fill.price });
    packedFills.set(bytes, i * packedFillBytes);
  });
  const { number, previous, receipts, report, round } = context;
  const head = nextHead(previous, fromHex(report), packed, packedFills, receipts);
  const batch = {
    number: BigInt(number),
    previous,
    receipts,
    report,
    orders: toHex(packed),
    fills: toHex(packedFills),
    signatures: toHex(concatBytes(...signatures)),
  };
  const calldata = encodeFunctionData({
    abi: clearingHouseAbi,
    functionName: 'settle',
    args: [batch],
  });
  return { number, previous, head, calldata, round, fills };
}
