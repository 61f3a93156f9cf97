/** The shape of an order: everything that can be judged without any state. */
import { type Rejection, reject } from '@holdfast/units';
import { laneMax } from './protocol.ts';
import { isLowS } from './signature.ts';
import type { Order, OrderSignature } from './types.ts';

/** Accounts 0 (insurance fund) and 1 (fees) never trade. */
const firstTradingAccount = 2;
const contractSignatureBytesMax = 4096;

const whole = (value: number, from: number, to: number): boolean =>
  Number.isSafeInteger(value) && value >= from && value <= to;

/**
 * Judges ranges, flags and the form of the signature (when there is one).
 * @returns undefined when well shaped, otherwise a rejection with the contract's code.
 */
export function validateOrderShape(
  order: Order & { readonly signature?: OrderSignature },
): Rejection | undefined {
  const { account, market, size, price, expiry, lane, seq, epoch } = order;
  if (!whole(account, firstTradingAccount, 2 ** 32 - 1)) {
    return reject('AccountUnknown', `account ${account} cannot trade`, { account });
  }
  if (!whole(market, 0, 255)) {
    return reject('MarketUnknown', `there is no market ${market}`, { market });
  }
  if (!whole(size, 1, 2 ** 40 - 1)) {
    return reject('SizeOutOfRange', `size ${size} is not 1 to 2^40 - 1 lots`, { size });
  }
  if (!whole(price, 1, 2 ** 32 - 1)) {
    return reject('PriceOutOfRange', `price ${price} is not 1 to 2^32 - 1 ticks`, { price });
  }
  if (!whole(expiry, 1, 2 ** 40 - 1)) {
    return reject('ExpiryOutOfRange', `expiry ${expiry} is not 1 to 2^40 - 1 seconds`, { expiry });
  }
  if (!whole(lane, 0, laneMax)) {
    return reject('LaneOutOfRange', `lane ${lane} is not 0 to ${laneMax}`, { lane });
  }
  if (!whole(seq, 1, 2 ** 32 - 1)) {
    return reject('SeqOutOfRange', `seq ${seq} is not 1 to 2^32 - 1`, { seq });
  }
  if (!whole(epoch, 0, 2 ** 32 - 1)) {
    return reject('EpochWrong', `epoch ${epoch} is not 0 to 2^32 - 1`, { epoch });
  }
  return validateFlags(order) ?? (order.signature && validateSignature(order.signature));
}

function validateFlags(order: Order): Rejection | undefined {
  if (!whole(order.timeInForce, 0, 2)) {
    return reject('TimeInForceWrong', 'time in force is 0 (GTC), 1 (IOC) or 2 (FOK)', {
      timeInForce: order.timeInForce,
    });
  }
  if (order.postOnly && order.timeInForce !== 0) {
    return reject('FlagsConflict', 'a post-only order rests, so its time in force must be GTC', {
      timeInForce: order.timeInForce,
    });
  }
  return undefined;
}

function validateSignature(signature: OrderSignature): Rejection | undefined {
  if (!(signature instanceof Uint8Array)) {
    const { length } = signature.bytes;
    if (length <= contractSignatureBytesMax) return undefined;
    return reject('SignatureWrong', 'the contract signature is too long', {
      found: length,
      required: contractSignatureBytesMax,
    });
  }
  if (signature.length !== 64) {
    return reject('SignatureWrong', 'a signature has 64 bytes: r, vs (EIP-2098)', {
      found: signature.length,
      required: 64,
    });
  }
  return isLowS(signature)
    ? undefined
    : reject('SignatureWrong', 's must be in the lower half of the curve order');
}
