import { vaultAbi } from '@holdfast/abi';
import { confirmed, type KeeperHands } from './account.ts';

/** Queued withdrawals paid in one transaction. */
const releasedAtOnce = 20n;

/**
 * Pays queued withdrawals as far as the vault's windows are open: anyone may, and somebody must
 * for money to arrive by itself.
 *
 * @returns what was paid, token units
 */
export async function releaseQueue(hands: KeeperHands): Promise<bigint> {
  const { venue, reader, writer, logger } = hands;
  const vault = { address: venue.contracts.vault, abi: vaultAbi } as const;
  const waits = (await reader.readContract({ ...vault, functionName: 'queued' })) as bigint;
  if (waits === 0n) return 0n;
  const call = { ...vault, functionName: 'release', args: [releasedAtOnce] } as const;
  const { result } = await reader.simulateContract({ ...call, account: writer.account });
  if (result === 0n) return 0n;
  await confirmed(hands, await writer.writeContract(call as never));
  logger.info({ paid: result.toString(), waited: waits.toString() }, 'withdrawals released');
  return result;
}
