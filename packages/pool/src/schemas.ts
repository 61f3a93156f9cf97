/** Schemas of what is asked over HTTP and of what the journal keeps. */
import type { Hex } from '@holdfast/units';
import { z } from 'zod';

export const hex = z.custom<Hex>((v) => typeof v === 'string' && /^0x[0-9a-fA-F]*$/.test(v));
export const address = z.custom<Hex>((v) => typeof v === 'string' && /^0x[0-9a-fA-F]{40}$/.test(v));
export const whole = z.int().min(0);

export const memberOrder = z.strictObject({
  member: address,
  market: whole,
  isBuy: z.boolean(),
  size: whole,
  price: whole,
  timeInForce: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  postOnly: z.boolean(),
  expiry: whole,
  nonce: whole,
});
