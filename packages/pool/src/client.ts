/** A member of a pool: joins, orders, asks what it holds, and checks that it was counted. */
import { randomBytes } from 'node:crypto';
import { fetchJson } from '@holdfast/host';
import { fieldPrime, type Holding, isIncluded, memberKey } from '@holdfast/proof';
import type { Signer } from '@holdfast/sdk';
import { EnvironmentError, type Hex, type Rejection, reject } from '@holdfast/units';
import { z } from 'zod';
import type { PoolInfo } from './contract.ts';
import { addressWord, type MemberOrder, poolDomain, poolTypes } from './terms.ts';

/** A secret of a member; whoever has it and its address can answer for it. */
export function newSecret(): bigint {
  return BigInt(`0x${randomBytes(48).toString('hex')}`) % fieldPrime;
}

export const keyOf = (secret: bigint, member: Hex): bigint =>
  memberKey(secret, addressWord(member));

const big = z
  .union([z.string().regex(/^-?\d+$/), z.number().int()])
  .transform((value) => BigInt(value));

const openingSchema = z.object({
  epoch: big,
  number: z.int().min(0),
  chunk: z.int().min(0),
  salt: big,
  cash: big,
  sizes: z.array(big),
  siblings: z.array(big),
  place: z.array(big),
  root: big,
});

const snapshotSchema = z.object({
  number: z.int(),
  blockNumber: big,
  blockHash: z.custom<Hex>((v) => typeof v === 'string'),
  time: z.int(),
  round: z.int(),
  account: z.int(),
  memberCount: z.int(),
  chunkMembers: z.int(),
  flow: z.int(),
  netQuote: big,
  context: z.array(big),
  totalCash: big,
  totalSizes: z.array(big),
});

const whole = z.int().min(0);

const closingSchema = z.object({
  at: whole,
  block: whole,
  mark: whole,
  size: z.int(),
  equity: big,
  maintenance: big,
  market: whole,
  isBuy: z.boolean(),
  lots: whole,
  price: whole,
  places: z.array(z.object({ lane: whole, seq: whole })),
  settled: whole,
});

const uncoveredSchema = z.object({
  uncovered: z.array(
    z.object({
      number: whole,
      member: z.string(),
      equity: big,
      maintenance: big,
      step: z.string(),
      message: z.string().optional(),
    }),
  ),
});

const holdingsSchema = z.object({
  number: z.int(),
  cashQ32: big,
  positions: z.array(z.object({ market: z.int(), size: z.int() })),
  equity: big,
  initial: big,
  maintenance: big,
  orders: z.array(z.looseObject({ market: z.int(), isBuy: z.boolean(), lots: z.int() })),
  /** Orders by which the operator closed the member, and what it says that the member was. */
  closings: z.array(closingSchema).default([]),
  /** What the salts of the member's leaves come from. */
  shared: big,
  opening: openingSchema.optional(),
  snapshot: snapshotSchema.optional(),
  /** Of the epoch that is being proven. */
  next: z.object({ opening: openingSchema.optional(), snapshot: snapshotSchema }).optional(),
});

export type Opening = z.infer<typeof openingSchema>;
export type Holdings = z.infer<typeof holdingsSchema>;
export type ToldClosing = z.infer<typeof closingSchema>;

const rejection = z.object({ code: z.string(), message: z.string() });
const readSeconds = 120;

/**
 * Whether a member is counted as it believes: its own key and the holding that it was shown lead to
 * the root that the chain has. A key of its own makes sure that the leaf is no other member's.
 */
export function inclusionFault(
  opening: Opening,
  key: bigint,
  chain: { readonly root: bigint; readonly chunkMembers: number; readonly number: number },
): Rejection | undefined {
  const { salt, cash, sizes, siblings, number } = opening;
  if (number !== chain.number) {
    return reject('NotIncluded', `the opening is of member ${number}, not of ${chain.number}`);
  }
  const isDeep = 2 ** siblings.length === chain.chunkMembers;
  const holding: Holding = { cash, sizes };
  const place = chain.number % chain.chunkMembers;
  if (isDeep && isIncluded({ ...holding, key, salt }, place, siblings, chain.root))
    return undefined;
  return reject('NotIncluded', 'what the operator shows does not lead to the root on chain');
}

/** The operator's answers to one member. */
export function createMember(
  info: Pick<PoolInfo, 'chainId' | 'pool'>,
  url: string,
  signer: Signer,
  now: () => number,
) {
  const domain = poolDomain(info.chainId, info.pool);
  const member = signer.address;

  const sign = (primaryType: keyof typeof poolTypes, message: object): Promise<Hex> =>
    signer.signTypedData({
      domain,
      types: { [primaryType]: poolTypes[primaryType] },
      primaryType,
      message: message as never,
    } as never);

  async function ask<T>(path: string, body: object, schema: z.ZodType<T>): Promise<T | Rejection> {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body, (_k, v) => (typeof v === 'bigint' ? `${v}` : v)),
    };
    const response = await fetch(`${url.replace(/\/+$/, '')}${path}`, init).catch((cause) => {
      const text = `the operator at ${url} does not answer`;
      throw new EnvironmentError('OperatorGone', text, { retry: true, cause });
    });
    const value: unknown = await response.json().catch(() => undefined);
    if (response.status === 422 || response.status === 400) {
      const no = rejection.safeParse(value);
      if (no.success) return value as Rejection;
    }
    const read = schema.safeParse(value);
    if (response.ok && read.success) return read.data;
    const why = response.ok ? 'answers what nobody can read' : `answers ${response.status}`;
    throw new EnvironmentError('OperatorBroken', `the operator at ${url} ${why}`);
  }

  return {
    member,
    status: () => fetchJson(`${url}/status`) as Promise<unknown>,
    admission: (key: bigint) =>
      ask('/admit', { member, key }, z.object({ admission: z.custom<Hex>() })),
    async order(terms: Omit<MemberOrder, 'member'>) {
      const order: MemberOrder = { ...terms, member };
      const message = { ...order, size: BigInt(order.size), nonce: BigInt(order.nonce) };
      const signature = await sign('MemberOrder', message);
      const answer = z.looseObject({ status: z.string(), lane: z.int(), seq: z.int() });
      return ask('/orders', { order, signature }, answer);
    },
    async cancel(nonce: number) {
      const expiry = now() + readSeconds;
      const signature = await sign('MemberCancel', { member, nonce: BigInt(nonce), expiry });
      const answers = z.object({ cancelled: z.array(z.looseObject({ status: z.string() })) });
      return ask('/cancel', { member, nonce, expiry, signature }, answers);
    },
    async holdings(): Promise<Holdings | Rejection> {
      const expiry = now() + readSeconds;
      const signature = await sign('MemberRead', { member, expiry });
      return ask('/holdings', { member, expiry, signature }, holdingsSchema);
    },
    /** For the operator: members below maintenance. */
    async uncovered() {
      const expiry = now() + readSeconds;
      const signature = await sign('MemberRead', { member, expiry });
      return ask('/uncovered', { member, expiry, signature }, uncoveredSchema);
    },
    async payout(amount: bigint, to: Hex, nonce: bigint, expiry: number) {
      const signature = await sign('Payout', { member, amount, to, nonce, expiry });
      const done = z.object({ tx: z.custom<Hex>(), block: z.int() });
      return ask('/payout', { member, amount, to, nonce, expiry, signature }, done);
    },
  };
}
