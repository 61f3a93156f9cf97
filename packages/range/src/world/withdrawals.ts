/** Withdrawals as their owners sign them, for anybody to relay. */
import type { Hex } from '@holdfast/units';
import { chainId } from './chain.ts';
import type { Ground } from './ground.ts';

const fields = [
  ['account', 'uint32'],
  ['amount', 'uint256'],
  ['to', 'address'],
  ['nonce', 'uint64'],
  ['expiry', 'uint40'],
  ['fee', 'uint256'],
] as const;

export interface WithdrawalMessage {
  readonly account: number;
  /** Token units, as the fee. */
  readonly amount: bigint;
  readonly to: Hex;
  readonly nonce: bigint;
  readonly expiry: number;
  readonly fee: bigint;
}

/** A withdrawal to its owner, and the owner's signature of 65 bytes. */
export async function signedWithdrawal(
  world: Ground,
  name: string,
  wish: Pick<WithdrawalMessage, 'amount'> & Partial<WithdrawalMessage>,
): Promise<{ message: WithdrawalMessage; signature: Hex }> {
  const { account, address } = world.person(name);
  const usual = { account, to: address, nonce: 1n, expiry: 2_000_000_000, fee: 0n };
  const message = { ...usual, ...wish };
  const signature = await world.key(name).signTypedData({
    domain: {
      name: 'Holdfast',
      version: '1',
      chainId,
      verifyingContract: world.venue.contracts.clearingHouse,
    },
    types: { Withdrawal: fields.map(([field, type]) => ({ name: field, type })) },
    primaryType: 'Withdrawal',
    message,
  });
  return { message, signature };
}
