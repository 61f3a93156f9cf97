import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KeeperHands } from '../src/account.ts';
import { releaseQueue } from '../src/release.ts';

/** Hands over a vault in which `waits` wait and of which `fits` could be paid. */
function hands(waits: bigint, fits: bigint) {
  const seen: string[] = [];
  const made = {
    venue: { contracts: { vault: '0x01' } },
    logger: { info: () => seen.push('told') },
    writer: {
      account: { address: '0x02' },
      writeContract: async () => {
        seen.push('sent');
        return '0x03';
      },
    },
    reader: {
      readContract: async () => waits,
      simulateContract: async () => {
        seen.push('tried');
        return { result: fits };
      },
      waitForTransactionReceipt: async () => ({ status: 'success' }),
    },
  };
  return { hands: made as unknown as KeeperHands, seen };
}

describe('the queue of the vault', () => {
  it('is released when something fits', async () => {
    const { hands: some, seen } = hands(100n, 40n);
    assert.equal(await releaseQueue(some), 40n);
    assert.deepEqual(seen, ['tried', 'sent', 'told']);
  });

  it('is left alone when nothing waits or nothing fits', async () => {
    const empty = hands(0n, 0n);
    assert.equal(await releaseQueue(empty.hands), 0n);
    assert.deepEqual(empty.seen, []);
    const full = hands(100n, 0n);
    assert.equal(await releaseQueue(full.hands), 0n);
    assert.deepEqual(full.seen, ['tried']);
  });
});
