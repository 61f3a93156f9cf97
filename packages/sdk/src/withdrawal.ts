/**
 * A withdrawal that its owner signs and anyone relays, for a fee: who owns an account need not have
 * gas, nor an RPC. A note is what travels in between, as text.
 */
import { domain } from '@holdfast/order';
import { type Hex, isRejection, type Rejection, reject } from '@holdfast/units';
import type { VenueInfo } from './info.ts';
import { parseTokens } from './market.ts';
import { randomNonce } from './nonce.ts';
import type { Signer } from './signer.ts';

/** A withdrawal that its owner signs; amounts in token units. */
export type SignedWithdrawal = {
  readonly account: number;
  readonly amount: bigint;
  readonly to: Hex;
  /** Used once for an account. */
  readonly nonce: bigint;
  /** Venue seconds. */
  readonly expiry: number;
  /** For the account of whoever relays it; at most a tenth of the amount. */
  readonly fee: bigint;
};

/** Typed data of a signed withdrawal, in the shape that wallets take. */
export const withdrawalTypes = {
  Withdrawal: [
    { name: 'account', type: 'uint32' },
    { name: 'amount', type: 'uint256' },
    { name: 'to', type: 'address' },
    { name: 'nonce', type: 'uint64' },
    { name: 'expiry', type: 'uint40' },
    { name: 'fee', type: 'uint256' },
  ],
} as const;

/** The owner's signature, 65 bytes. */
export function signWithdrawal(
  signer: Signer,
  place: Pick<VenueInfo, 'chainId' | 'clearingHouse'>,
  withdrawal: SignedWithdrawal,
): Promise<Hex> {
  return signer.signTypedData({
    domain: domain(place.chainId, place.clearingHouse),
    types: withdrawalTypes,
    primaryType: 'Withdrawal',
    message: withdrawal,
  });
}

/** What an owner asks for; amounts in tokens. */
export type WithdrawalInput = {
  readonly account: number;
  readonly amount: string;
  readonly to: Hex;
  /** For whoever relays it; default none. */
  readonly fee?: string | undefined;
  readonly lifeSeconds: number;
  /** Default: a random one. */
  readonly nonce?: number | undefined;
};

/** A withdrawal as it is signed, or what is wrong: an amount, or `FeeTooHigh`. */
export function draftWithdrawal(
  info: VenueInfo,
  input: WithdrawalInput,
): SignedWithdrawal | Rejection {
  const { decimals } = info.token;
  const amount = parseTokens(input.amount, decimals);
  if (isRejection(amount)) return amount;
  const fee = input.fee === undefined ? 0n : parseTokens(input.fee, decimals);
  if (isRejection(fee)) return fee;
  if (fee * 10n > amount) {
    const found = { found: `${fee}`, required: `${amount / 10n}` };
    return reject('FeeTooHigh', 'the fee is more than a tenth of the amount', found);
  }
  const { account, to, lifeSeconds, nonce = randomNonce() } = input;
  const expiry = info.clock.now() + lifeSeconds;
  return { account, amount, to, nonce: BigInt(nonce), expiry, fee };
}

/** A signed withdrawal and the venue that it is for. */
export type WithdrawalNote = {
  readonly chainId: number;
  readonly clearingHouse: Hex;
  readonly withdrawal: SignedWithdrawal;
  readonly signature: Hex;
};

/** A note as JSON text; amounts in token units, decimal. */
export function writeNote({ withdrawal, ...rest }: WithdrawalNote): string {
  const { amount, nonce, fee } = withdrawal;
  const plain = { ...withdrawal, amount: `${amount}`, nonce: `${nonce}`, fee: `${fee}` };
  return `${JSON.stringify({ ...rest, withdrawal: plain }, undefined, 2)}\n`;
}

const whole = (value: unknown, max: bigint): bigint | undefined => {
  const text = typeof value === 'number' ? `${value}` : value;
  if (typeof text !== 'string' || !/^\d{1,78}$/.test(text)) return undefined;
  return BigInt(text) <= max ? BigInt(text) : undefined;
};
const hexOf = (value: unknown, bytes: number): Hex | undefined =>
  typeof value === 'string' && new RegExp(`^0x[0-9a-fA-F]{${bytes * 2}}$`).test(value)
    ? (value as Hex)
    : undefined;

/** Reads what {@link writeNote} wrote. A rejection `NoteMalformed` names the field. */
export function readNote(text: string): WithdrawalNote | Rejection {
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    return reject('NoteMalformed', `no signed withdrawal: ${(error as Error).message}`);
  }
  const inner = (raw?.withdrawal ?? {}) as Record<string, unknown>;
  const fields = {
    chainId: whole(raw?.chainId, 2n ** 53n - 1n),
    clearingHouse: hexOf(raw?.clearingHouse, 20),
    signature: hexOf(raw?.signature, 65),
    account: whole(inner.account, 2n ** 32n - 1n),
    amount: whole(inner.amount, 2n ** 256n - 1n),
    to: hexOf(inner.to, 20),
    nonce: whole(inner.nonce, 2n ** 64n - 1n),
    expiry: whole(inner.expiry, 2n ** 40n - 1n),
    fee: whole(inner.fee, 2n ** 256n - 1n),
  };
  const missing = Object.entries(fields).find(([, value]) => value === undefined);
  if (missing) {
    return reject('NoteMalformed', `no signed withdrawal: ${missing[0]} is missing or malformed`, {
      field: missing[0],
    });
  }
  const { chainId, clearingHouse, signature, account, expiry, ...rest } = fields as Required<
    typeof fields
  >;
  const withdrawal = { ...rest, account: Number(account), expiry: Number(expiry) };
  return {
    chainId: Number(chainId),
    clearingHouse: clearingHouse as Hex,
    signature: signature as Hex,
    withdrawal: withdrawal as SignedWithdrawal,
  };
}
