/**
 * Decimal text for humans, exact both ways: `parseDecimal('12.5', 6) === 12500000n`. Nothing here
 * rounds; a text that does not fit is a rejection that says why.
 */
import { AssertionError, isRejection, type Rejection, reject } from './errors.ts';
import { type Lots, type Ticks, tryLots, tryTicks } from './types.ts';

const shape = /^([+-]?)(\d+)(?:\.(\d+))?$/;
const digitsMax = 80;

/**
 * A decimal text as a whole number of 10^-decimals.
 *
 * @returns the number, or a rejection: DecimalMalformed, DecimalTooFine(found, required)
 */
export function parseDecimal(text: string, decimals: number): bigint | Rejection {
  const match = text.length <= digitsMax ? shape.exec(text) : null;
  if (match === null) {
    const shown = text.slice(0, digitsMax);
    return reject('DecimalMalformed', `"${shown}" is not a decimal number such as 12.5`);
  }
  const [, sign, whole = '', rest = ''] = match;
  const fraction = rest.replace(/0+$/, '');
  if (fraction.length > decimals) {
    return reject(
      'DecimalTooFine',
      `"${text}" has ${fraction.length} decimal places; at most ${decimals} are possible`,
      { found: fraction.length, required: decimals },
    );
  }
  const magnitude = BigInt(whole + fraction.padEnd(decimals, '0'));
  return sign === '-' ? -magnitude : magnitude;
}

/** The shortest decimal text of `value` × 10^-decimals: no trailing zeros, no exponent. */
export function formatDecimal(value: bigint, decimals: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0');
  const cut = digits.length - decimals;
  const fraction = digits.slice(cut).replace(/0+$/, '');
  const text = fraction === '' ? digits.slice(0, cut) : `${digits.slice(0, cut)}.${fraction}`;
  return value < 0n ? `-${text}` : text;
}

type Step = { readonly numerator: bigint; readonly decimals: number };

/** A step such as tickSize '0.1'. It comes from configuration, so a bad one is our defect. */
function step(text: string): Step {
  const decimals = (text.split('.')[1] ?? '').length;
  const numerator = parseDecimal(text, decimals);
  if (isRejection(numerator)) throw new AssertionError(`step ${numerator.message}`);
  if (numerator <= 0n) throw new AssertionError(`step "${text}" is not positive`);
  return { numerator, decimals };
}

function parseSteps(text: string, stepText: string, code: string): bigint | Rejection {
  const { numerator, decimals } = step(stepText);
  const wide = parseDecimal(text, digitsMax);
  if (isRejection(wide)) return wide;
  const scaledStep = numerator * 10n ** BigInt(digitsMax - decimals);
  if (wide % scaledStep === 0n) return wide / scaledStep;
  const below = formatSteps(wide / scaledStep, stepText);
  return reject(code, `${text} is not a multiple of ${stepText}; nearest toward 0 is ${below}`, {
    found: text,
    required: stepText,
  });
}

function formatSteps(count: bigint, stepText: string): string {
  const { numerator, decimals } = step(stepText);
  return formatDecimal(count * numerator, decimals);
}

/**
 * A human price as ticks of `tickSize`.
 *
 * @returns ticks, or a rejection: DecimalMalformed, PriceNotWhole(found, required),
 * PriceOutOfRange
 * @throws AssertionError if tickSize itself is malformed
 */
export function parsePrice(text: string, tickSize: string): Ticks | Rejection {
  const count = parseSteps(text, tickSize, 'PriceNotWhole');
  if (isRejection(count)) return count;
  const price = tryTicks(Number(count));
  return price ?? reject('PriceOutOfRange', `price ${text} is outside 1..2^32-1 ticks`);
}

/** Ticks as a human price. */
export function formatPrice(price: Ticks, tickSize: string): string {
  return formatSteps(BigInt(price), tickSize);
}

/**
 * A human size (signed) as lots of `lotSize`.
 *
 * @returns lots, or a rejection: DecimalMalformed, SizeNotWhole(found, required), SizeOutOfRange
 * @throws AssertionError if lotSize itself is malformed
 */
export function parseSize(text: string, lotSize: string): Lots | Rejection {
  const count = parseSteps(text, lotSize, 'SizeNotWhole');
  if (isRejection(count)) return count;
  const size = tryLots(Number(count));
  return size ?? reject('SizeOutOfRange', `size ${text} is outside ±2^53 lots`);
}

/** Lots as a human size. */
export function formatSize(size: Lots, lotSize: string): string {
  return formatSteps(BigInt(size), lotSize);
}

/** Decimals of a quote unit. */
export const quoteDecimals = 6;

/**
 * The quote value of one lot at one tick: tickSize × lotSize / 10^-6.
 *
 * @throws AssertionError if it is not a whole positive number: such a market could not be exact
 */
export function tickValueOf(tickSize: string, lotSize: string): number {
  const a = step(tickSize);
  const b = step(lotSize);
  const scale = 10n ** BigInt(a.decimals + b.decimals);
  const wide = a.numerator * b.numerator * 10n ** BigInt(quoteDecimals);
  const value = wide / scale;
  if (wide % scale !== 0n || value > BigInt(2 ** 48 - 1)) {
    throw new AssertionError(`tick ${tickSize} × lot ${lotSize} is not whole quote units, uint48`);
  }
  return Number(value);
}
