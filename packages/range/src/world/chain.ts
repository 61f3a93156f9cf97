/** An anvil of the range's own: mines when told, at the second that it is told. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort, sleep } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { createRpc, type Rpc, spawnAnvil } from '@holdfast/venue';

export const chainId = 31_337;
/** Second of the first block: no run depends on the day on which it is made. */
export const genesisTime = 1_800_000_000;

export interface RangeChain {
  readonly rpc: Rpc;
  readonly rpcUrl: string;
  stop(): Promise<void>;
}

/** Wei per gas unless a scenario says otherwise. */
export const baseFeeUsual = 1_000_000_000;

/**
 * Mines a block at a second and a base fee. Both are told each time: anvil forgets to take the fee
 * back when it goes back to a snapshot, and the hash of a run would depend on those before it.
 */
export async function mineAt(rpc: Rpc, second: number, baseFee = baseFeeUsual): Promise<void> {
  await rpc('anvil_setNextBlockBaseFeePerGas', [baseFee]);
  await rpc('evm_setNextBlockTimestamp', [second]);
  await rpc('evm_mine', []);
}

/** @throws EnvironmentError AnvilMissing, AnvilFailed */
export async function startRangeChain(): Promise<RangeChain> {
  const cacheDir = mkdtempSync(join(tmpdir(), 'holdfast-range-'));
  const port = await findFreePort();
  const anvil = spawnAnvil({ port, chainId, genesisTime, cacheDir });
  const gone = new Promise<void>((resolve) => {
    anvil.once('exit', () => resolve());
    anvil.once('error', () => resolve());
  });
  const rpcUrl = `http://127.0.0.1:${port}`;
  const rpc = createRpc(rpcUrl);
  const stop = async (): Promise<void> => {
    anvil.kill('SIGKILL');
    await gone;
    rmSync(cacheDir, { recursive: true, force: true });
  };
  for (let tries = 0; ; tries++) {
    try {
      await rpc('eth_chainId');
      return { rpc, rpcUrl, stop };
    } catch (error) {
      if (tries > 600) {
        await stop();
        throw new EnvironmentError('AnvilFailed', `anvil does not answer: ${String(error)}`);
      }
      await sleep(50);
    }
  }
}
