import { clearingHouseAbi } from '@holdfast/abi';
import {
  type ChainReader,
  type ChainWriter,
  chainAccess,
  createFaucet,
  type Logger,
  type Venue,
} from '@holdfast/host';
import { invariant } from '@holdfast/units';
import { type Hex, parseAbi, parseEventLogs } from 'viem';

const tokenAbi = parseAbi([
  'function balanceOf(address) view returns (uint256)',
  'function allowance(address owner, address spender) view returns (uint256)',
  'function approve(address spender, uint256 amount) returns (bool)',
]);

/** Everything that acts on the chain for the keeper. */
export interface KeeperHands {
  venue: Venue;
  reader: ChainReader;
  writer: ChainWriter;
  logger: Logger;
}

/** Waits for a transaction and insists that it succeeded. */
export async function confirmed(hands: KeeperHands, hash: Hex) {
  const receipt = await hands.reader.waitForTransactionReceipt({ hash, timeout: 60_000 });
  if (receipt.status !== 'success') throw new Error(`transaction ${hash} was reverted`);
  return receipt;
}

/** The keeper's account on the venue; opened on its first run. */
export async function ownAccount(hands: KeeperHands): Promise<number> {
  const { venue, reader, writer, logger } = hands;
  const address = venue.contracts.clearingHouse;
  const owner = writer.account.address;
  const range = { fromBlock: BigInt(venue.deployBlock), toBlock: 'latest' } as const;
  const found = await reader.getContractEvents({
    address,
    abi: clearingHouseAbi,
    eventName: 'AccountOpened',
    args: { owner },
    ...range,
  });
  const first = found[0]?.args.account;
  if (first !== undefined) return first;
  const call = { address, abi: clearingHouseAbi, functionName: 'openAccount', args: [owner] };
  const receipt = await confirmed(hands, await writer.writeContract(call as never));
  const opened = parseEventLogs({
    abi: clearingHouseAbi,
    logs: receipt.logs,
    eventName: 'AccountOpened',
  })[0];
  invariant(opened !== undefined, 'openAccount emitted no AccountOpened');
  logger.info({ account: opened.args.account }, 'account opened');
  return opened.args.account;
}

async function approve(hands: KeeperHands, amount: bigint): Promise<void> {
  const { venue, reader, writer } = hands;
  const { token, vault } = venue.contracts;
  const args = [writer.account.address, vault] as const;
  const call = { address: token, abi: tokenAbi } as const;
  const allowed = await reader.readContract({ ...call, functionName: 'allowance', args });
  if (allowed >= amount) return;
  const write = { ...call, functionName: 'approve', args: [vault, 2n ** 256n - 1n] };
  await confirmed(hands, await writer.writeContract(write as never));
}

/**
 * Deposits collateral into the keeper's account, from its wallet; what the wallet lacks comes from
 * the test token's faucet where there is one.
 *
 * @param amount token units
 */
export async function fund(hands: KeeperHands, account: number, amount: bigint): Promise<void> {
  const { venue, reader, writer, logger } = hands;
  const { token, clearingHouse } = venue.contracts;
  const owner = writer.account.address;
  const held = await reader.readContract({
    address: token,
    abi: tokenAbi,
    functionName: 'balanceOf',
    args: [owner],
  });
  if (held < amount) {
    const faucet = createFaucet(chainAccess(venue), token);
    await confirmed(hands, await faucet.tokens(writer, owner, amount - held));
  }
  await approve(hands, amount);
  const args = [token, account, amount];
  const call = { address: clearingHouse, abi: clearingHouseAbi, functionName: 'deposit', args };
  await confirmed(hands, await writer.writeContract(call as never));
  logger.info({ account, amount: amount.toString() }, 'collateral deposited');
}
