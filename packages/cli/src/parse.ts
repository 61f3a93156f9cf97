/** Arguments from text. */
import type { TimeInForce } from '@holdfast/order';
import { timeInForceNames } from '@holdfast/order';
import { UsageError } from './failure.ts';

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** '90s', '15m', '12h', '7d' or plain seconds. @throws UsageError */
export function parseDuration(text: string): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text);
  if (match) return Number(match[1]) * (unitSeconds[match[2] || 's'] ?? 1);
  throw new UsageError(`"${text}" is not a duration such as 90s, 15m, 12h or 7d`);
}

/** A whole number from 0. @throws UsageError */
export function parseWhole(text: string, what: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value <= max) return value;
  throw new UsageError(`${what} "${text}" is not a whole number from 0 to ${max}`);
}

/** buy/b/long or sell/s/short. @throws UsageError */
export function parseSide(text: string): 'buy' | 'sell' {
  const side = text.toLowerCase();
  if (['buy', 'b', 'long'].includes(side)) return 'buy';
  if (['sell', 's', 'short'].includes(side)) return 'sell';
  throw new UsageError(`side "${text}" is neither buy nor sell`);
}

/** GTC, IOC or FOK in any case. @throws UsageError */
export function parseTimeInForce(text: string): (typeof timeInForceNames)[TimeInForce] {
  const name = timeInForceNames.find((each) => each === text.toUpperCase());
  if (name) return name;
  throw new UsageError(`time in force "${text}" is none of ${timeInForceNames.join(', ')}`);
}

/** 20 bytes in hex. @throws UsageError */
export function parseAddress(text: string): `0x${string}` {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text as `0x${string}`;
  throw new UsageError(`"${text}" is not an address (0x and 40 hex digits)`);
}

/** A part of a whole in ppm: '1%', '0.25%'. @throws UsageError */
export function parsePercent(text: string): number {
  const match = /^(\d{1,2})(?:\.(\d{1,4}))?%?$/.exec(text);
  if (match) return Number(match[1]) * 10_000 + Number((match[2] ?? '').padEnd(4, '0'));
  throw new UsageError(`"${text}" is not a percentage such as 1% or 0.25%`);
}

/** A name for an account: a letter, then letters, digits or hyphens. @throws UsageError */
export function parseName(text: string): string {
  if (/^[A-Za-z][A-Za-z0-9-]{0,31}$/.test(text)) return text;
  throw new UsageError(`"${text}" is not a name (a letter, then letters, digits or hyphens)`);
}
