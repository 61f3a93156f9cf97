import { breakerAbi } from '@holdfast/abi';
import { confirmed, type KeeperHands } from './account.ts';

/**
 * Tightens the venue a little while all guardians are silent: anyone may, and somebody must for
 * their silence to be an alarm. Renews before the entry ends; refused entries wait.
 *
 * @param now venue seconds
 * @returns whether it tightened
 */
export async function tightenSilence(hands: KeeperHands, now: number): Promise<boolean> {
  const { venue, reader, writer, logger } = hands;
  const breaker = { address: venue.contracts.breaker, abi: breakerAbi } as const;
  const silentAt = Number(await reader.readContract({ ...breaker, functionName: 'silentAt' }));
  if (silentAt === 0 || now < silentAt) return false;
  const [entry, silence] = await Promise.all([
    reader.readContract({ ...breaker, functionName: 'entry', args: [0] }),
    reader.readContract({ ...breaker, functionName: 'silenceSeconds' }),
  ]);
  const [until] = entry as readonly [number, number, number, number];
  if (now < Number(until) - Number(silence) / 2) return false;
  const call = { ...breaker, functionName: 'deadMan' } as const;
  try {
    await reader.simulateContract({ ...call, account: writer.account });
  } catch {
    // It rests, another was faster, or the venue is tighter: nothing to do in this turn.
    return false;
  }
  await confirmed(hands, await writer.writeContract(call as never));
  logger.warn({ silentAt }, 'no guardian beats: the venue is tightened');
  return true;
}
