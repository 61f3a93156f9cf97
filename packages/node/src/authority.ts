import type { AccountState, State } from '@holdfast/core';
import { holdScope } from '@holdfast/order';
import { type AccountId, type Hex, type Rejection, reject } from '@holdfast/units';

/** Asks an ERC-1271 wallet on chain whether it signed `digest`. */
export type ContractSigner = (
  owner: Hex,
  digest: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>;

/** The account, or why there is none. */
export function findAccount(state: State, account: AccountId): AccountState | Rejection {
  const found = state.accounts.get(account);
  if (found !== undefined) return found;
  const text = `account ${account} is not open; open one and deposit, then wait one block`;
  return reject('AccountUnknown', text, { account });
}

/** What a session key's scope is held against. */
export type ScopedOrder = Parameters<typeof holdScope>[1];

/**
 * Whether `signer` may trade for the account: its owner, or a session key that has not expired.
 *
 * @param now - venue time
 * @param order - what was signed, for the scope of a session key; none for a login or a cancel
 */
export function mayTrade(
  account: AccountState,
  signer: Hex | undefined,
  now: number,
  order?: ScopedOrder,
): Rejection | undefined {
  if (signer === undefined) {
    return reject('SignatureWrong', 'nobody signed this: check the domain, the chain and the key');
  }
  if (signer === account.owner.toLowerCase()) return undefined;
  const grant = account.sessions.get(signer);
  if (grant === undefined) {
    const text = `${signer} may not trade for account ${account.id}: not its owner, no session key`;
    return reject('SignatureWrong', text, { account: account.id, signer });
  }
  const { expiry, scope } = grant;
  if (expiry > now) return order && holdScope(scope, order);
  const text = `the session key ${signer} expired at ${expiry}; the owner can set a new expiry`;
  return reject('SessionExpired', text, { account: account.id, expiry, now });
}
