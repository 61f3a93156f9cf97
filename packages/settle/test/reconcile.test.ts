import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Hex } from '@holdfast/units';
import { chainRow, emptyMirror } from '../src/mirror.ts';
import { reconcileStorage, type StorageDeps } from '../src/reconcile.ts';

const address: Hex = '0x0000000000000000000000000000000000000001';
const at = { number: 7, hash: `0x${'7'.repeat(64)}` as Hex };
const nothing = { accounts: [], lanes: [] };

/** A chain that answers like an empty venue, but each look as `changes` says. */
function chain(changes: readonly Record<string, unknown>[], hash: Hex = at.hash) {
  let look = 0;
  const empty: Record<string, unknown> = {
    batchNumber: 0n,
    batchHead: chainRow(emptyMirror()).batchHead,
    liabilities: 0n,
    balanceOf: 0n,
    queued: 0n,
  };
  const client = {
    multicall: async ({ contracts }: { contracts: readonly { functionName: string }[] }) => {
      const answers = { ...empty, ...changes[look] };
      look += 1;
      return contracts.map(({ functionName }) => answers[functionName]);
    },
  };
  const deps = {
    client,
    clearingHouse: address,
    vault: address,
    token: address,
    tokenDecimals: 6,
    hashAt: async () => hash,
    secondLookMs: 1,
  } as never as StorageDeps;
  return { deps, looks: () => look };
}

describe('mirror against storage', () => {
  it('agrees at the first look', async () => {
    const { deps, looks } = chain([{}]);
    assert.equal(await reconcileStorage(deps, emptyMirror(), at, nothing), true);
    assert.equal(looks(), 1);
  });

  it('looks again before it believes a difference', async () => {
    for (const wrong of [{ batchNumber: 1n }, { liabilities: 1n, balanceOf: 1n }]) {
      const { deps, looks } = chain([wrong, {}]);
      assert.equal(await reconcileStorage(deps, emptyMirror(), at, nothing), true);
      assert.equal(looks(), 2);
    }
  });

  it('halts on a difference that stays', async () => {
    const { deps } = chain([{ batchNumber: 1n }, { batchNumber: 1n }]);
    await assert.rejects(reconcileStorage(deps, emptyMirror(), at, nothing), {
      code: 'StateDiffers',
      message: /batchNumber at block 7|at block 7: batchNumber/,
    });
  });

  it('halts when what waits in the vault is not covered', async () => {
    const covered = chain([{ balanceOf: 5n, queued: 5n }]);
    assert.equal(await reconcileStorage(covered.deps, emptyMirror(), at, nothing), true);
    const short = { balanceOf: 4n, queued: 5n };
    await assert.rejects(reconcileStorage(chain([short, short]).deps, emptyMirror(), at, nothing), {
      code: 'LawBroken',
      message: /5 wait in its queue/,
    });
  });

  it('knows nothing of a block that is gone', async () => {
    const { deps } = chain([{ batchNumber: 1n }], `0x${'8'.repeat(64)}`);
    assert.equal(await reconcileStorage(deps, emptyMirror(), at, nothing), false);
  });
});
