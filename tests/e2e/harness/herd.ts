/** Many accounts with keys of their own, funded on chain, each with a client at the gateway. */
import { clearingHouseAbi, testTokenAbi } from '@holdfast/abi';
import {
  chainAccess,
  createChainReader,
  createChainWriter,
  createFaucet,
  type Venue,
} from '@holdfast/host';
import { type Client, connect } from '@holdfast/sdk';
import { keccak256, toHex } from '@holdfast/units';
import { encodeFunctionData, type Hex, type LocalAccount, parseEventLogs } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { until } from './until.ts';

export type Member = {
  readonly key: LocalAccount;
  readonly account: number;
  readonly client: Client;
};

/** A key that is the same in every run. */
export function keyOf(name: string): LocalAccount {
  return privateKeyToAccount(toHex(keccak256(new TextEncoder().encode(`e2e/${name}`))));
}

const house = clearingHouseAbi;

/** Whoever pays for the accounts of a herd: deposits need not come from the owner. */
export type Purse = {
  readonly key: LocalAccount;
  /** Sends calls in one go and waits for all of them. */
  send(calls: readonly { to: Hex; data: Hex }[]): ReturnType<typeof sendAll>;
};

/** Opens a purse with gas and as many tokens as anybody can need. */
export async function openPurse(venue: Venue, name = 'purse'): Promise<Purse> {
  const access = chainAccess(venue);
  const key = keyOf(name);
  await createFaucet(access, venue.contracts.token).gas(key.address, 10n ** 24n);
  const send = (calls: readonly { to: Hex; data: Hex }[]) => sendAll(venue, key, calls);
  const { token, vault } = venue.contracts;
  const amount = 10n ** BigInt(venue.token.decimals + 12);
  const mint = { functionName: 'mint', args: [key.address, amount] } as const;
  const approve = { functionName: 'approve', args: [vault, 2n ** 256n - 1n] } as const;
  await send([
    { to: token, data: encodeFunctionData({ abi: testTokenAbi, ...mint }) },
    { to: token, data: encodeFunctionData({ abi: testTokenAbi, ...approve }) },
  ]);
  return { key, send };
}

async function sendAll(venue: Venue, key: LocalAccount, calls: readonly { to: Hex; data: Hex }[]) {
  const access = chainAccess(venue);
  const reader = createChainReader(access);
  const writer = createChainWriter(access, key);
  const nonce = await reader.getTransactionCount({ address: key.address, blockTag: 'pending' });
  const fees = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n };
  const hashes: Hex[] = [];
  for (const [i, call] of calls.entries()) {
    const gas = 500_000n;
    hashes.push(await writer.sendTransaction({ ...call, ...fees, gas, nonce: nonce + i }));
  }
  const receipts = [];
  for (const hash of hashes) {
    const receipt = await reader.waitForTransactionReceipt({ hash, timeout: 60_000 });
    if (receipt.status !== 'success') throw new Error(`transaction ${hash} was reverted`);
    receipts.push(receipt);
  }
  return receipts;
}

/** A deposit of whole tokens as a call of the purse. */
export function depositCall(venue: Venue, account: number, tokens: number) {
  const { token, clearingHouse } = venue.contracts;
  const units = BigInt(tokens) * 10n ** BigInt(venue.token.decimals);
  const args = [token, account, units] as const;
  const data = encodeFunctionData({ abi: house, functionName: 'deposit', args });
  return { to: clearingHouse, data };
}

/**
 * Opens and funds one account per amount and logs each in by its own key.
 *
 * @param tokens whole tokens of each account
 * @param options of the clients; receipts are judged unless told otherwise
 */
export async function gather(
  venue: Venue,
  purse: Purse,
  tokens: readonly number[],
  options: { name?: string; verifyReceipts?: boolean; timeoutMs?: number } = {},
): Promise<Member[]> {
  const { name = 'member', verifyReceipts = true, timeoutMs = 20_000 } = options;
  const keys = tokens.map((_, i) => keyOf(`${name}/${i}`));
  const receipts = await purse.send(
    keys.map(({ address }) => ({
      to: venue.contracts.clearingHouse,
      data: encodeFunctionData({ abi: house, functionName: 'openAccount', args: [address] }),
    })),
  );
  const logs = receipts.flatMap((receipt) => receipt.logs);
  const opened = parseEventLogs({ abi: house, logs, eventName: 'AccountOpened' });
  const accounts = keys.map(({ address }) => {
    const event = opened.find((each) => each.args.owner === address);
    if (event === undefined) throw new Error(`no account for ${address}`);
    return event.args.account;
  });
  await purse.send(accounts.map((id, i) => depositCall(venue, id, tokens[i] as number)));
  const members: Member[] = [];
  for (const [i, account] of accounts.entries()) {
    const key = keys[i] as LocalAccount;
    const more = { binary: true, verifyReceipts, timeoutMs };
    const client = await connect({ venue, signer: key, account, ...more });
    members.push({ key, account, client });
  }
  await Promise.all(
    members.map(({ client, account }) =>
      until(`account ${account} logged in`, 60_000, () => client.ready().then(() => true)),
    ),
  );
  return members;
}

/** Waits until the node knows every deposit. */
export async function awaitFunds(members: readonly Member[]): Promise<void> {
  await until('deposits seen by the node', 60_000, async () => {
    const views = await Promise.all(members.map(({ client, account }) => client.account(account)));
    return views.every((view) => 'equity' in view && view.equity > 0n && view.from === 'node');
  });
}
