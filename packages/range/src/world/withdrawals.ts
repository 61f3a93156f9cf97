/** Withdrawals as their owners sign them, for anybody to relay. */
import { type SignedWithdrawal, signWithdrawal } from '@holdfast/sdk';
import type { Hex } from '@holdfast/units';
import { chainId } from './chain.ts';
import type { Ground } from './ground.ts';

/** The signature of 65 bytes that somebody gives for a withdrawal. */
export function signatureOf(world: Ground, name: string, message: SignedWithdrawal): Promise<Hex> {
  const { clearingHouse } = world.venue.contracts;
  return signWithdrawal(world.key(name), { chainId, clearingHouse }, message);
}

/** A withdrawal to its owner, and the owner's signature of 65 bytes. */
export async function signedWithdrawal(
  world: Ground,
  name: string,
  wish: Pick<SignedWithdrawal, 'amount'> & Partial<SignedWithdrawal>,
): Promise<{ message: SignedWithdrawal; signature: Hex }> {
  const { account, address } = world.person(name);
  const usual = { account, to: address, nonce: 1n, expiry: 2_000_000_000, fee: 0n };
  const message = { ...usual, ...wish };
  return { message, signature: await signatureOf(world, name, message) };
}
