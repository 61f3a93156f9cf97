/** A pool on chain: where it is, what it says, what may be called. */
import {
  confidentialPoolAbi,
  confidentialPoolBytecode,
  groth16Abi,
  groth16Bytecode,
  iGroth16Abi,
  poseidonT3Abi,
  poseidonT3Bytecode,
  proofRegistryAbi,
} from '@holdfast/abi';
import { type ChainReader, type ChainWriter, createChainReader, loadVenue } from '@holdfast/host';
import type { KeyFile } from '@holdfast/proof';
import { keyFault } from '@holdfast/proof';
import { EnvironmentError, type Hex } from '@holdfast/units';
import type { Abi } from 'viem';
import type { FollowPlace } from './follow.ts';

const lower = (text: string): Hex => text.toLowerCase() as Hex;

export type PoolInfo = FollowPlace & {
  readonly chainId: number;
  readonly operator: Hex;
  readonly governor: Hex;
  readonly freshSeconds: number;
  readonly exitSeconds: number;
  readonly chunkMembers: number;
  /** Circuits in force. */
  readonly solvencyId: bigint;
  readonly marginId: bigint;
};

/** Reads what a pool is. @throws EnvironmentError `PoolUnknown` */
export async function poolInfo(
  dir: string,
  pool: Hex,
  options: { readonly rpcUrl?: string | undefined; readonly confirmations?: number } = {},
): Promise<{ info: PoolInfo; reader: ChainReader }> {
  const venue = loadVenue(dir);
  const { chainId, blockMs, contracts, deployBlock, token } = venue;
  const reader = createChainReader({ rpcUrl: options.rpcUrl ?? venue.rpcUrl, chainId, blockMs });
  const of = { address: pool, abi: confidentialPoolAbi } as const;
  try {
    const config = await reader.readContract({ ...of, functionName: 'config' });
    const registry = await reader.readContract({ ...of, functionName: 'registry' });
    const at = { address: registry, abi: proofRegistryAbi } as const;
    const circuits = await reader.readContract({ ...at, functionName: 'circuits' });
    const idOf = (address: Hex): Promise<bigint> =>
      reader.readContract({ address, abi: iGroth16Abi, functionName: 'circuitId' });
    if (lower(config.house) !== lower(contracts.clearingHouse)) {
      throw new EnvironmentError('PoolUnknown', `${pool} is a pool of another venue`);
    }
    const info: PoolInfo = {
      chainId,
      pool: lower(pool),
      registry: lower(registry),
      clearingHouse: lower(contracts.clearingHouse),
      vault: lower(contracts.vault),
      breaker: lower(contracts.breaker),
      parameters: lower(contracts.parameters),
      account: await reader.readContract({ ...of, functionName: 'account' }),
      markets: await reader.readContract({ ...of, functionName: 'markets' }),
      scale: 10n ** BigInt(Math.max(token.decimals - 6, 0)),
      deployBlock,
      confirmations: options.confirmations ?? 0,
      operator: lower(config.operator),
      governor: lower(config.governor),
      freshSeconds: config.freshSeconds,
      exitSeconds: config.exitSeconds,
      chunkMembers: circuits.chunkMembers,
      solvencyId: await idOf(circuits.solvency),
      marginId: await idOf(circuits.margin),
    };
    return { info, reader };
  } catch (cause) {
    if (cause instanceof EnvironmentError) throw cause;
    const text = `there is no pool at ${pool} (${(cause as Error).message.split('\n')[0]})`;
    throw new EnvironmentError('PoolUnknown', text, { cause });
  }
}

export type PoolTerms = {
  readonly house: Hex;
  readonly operator: Hex;
  readonly governor: Hex;
  readonly delaySeconds: number;
  readonly freshSeconds: number;
  readonly exitSeconds: number;
  readonly markets: readonly number[];
};

type Keys = { readonly solvency: KeyFile; readonly margin: KeyFile };

/**
 * Deploys Poseidon, both verifiers and the pool.
 * @throws EnvironmentError `KeyIsDevelopment`, `KeyDiffers`, `DeployFailed`
 */
export async function deployPool(
  reader: ChainReader,
  writer: ChainWriter,
  terms: PoolTerms,
  keys: Keys,
): Promise<{ pool: Hex; solvency: Hex; margin: Hex; poseidon: Hex }> {
  const chainId = BigInt(await reader.getChainId());
  for (const key of [keys.solvency, keys.margin]) {
    const fault = keyFault(key, chainId);
    if (fault) throw new EnvironmentError(fault.code, fault.message);
  }
  if (keys.solvency.size !== keys.margin.size) {
    throw new EnvironmentError('KeyDiffers', 'the two circuits have chunks of different sizes');
  }
  const make = async (what: string, abi: unknown, bytecode: Hex, args: readonly unknown[]) => {
    const hash = await writer.deployContract({ abi: abi as Abi, bytecode, args });
    const { contractAddress, status } = await reader.waitForTransactionReceipt({ hash });
    if (status === 'success' && contractAddress) return lower(contractAddress);
    throw new EnvironmentError('DeployFailed', `${what} was not deployed (${hash})`);
  };
  const poseidon = await make('Poseidon', poseidonT3Abi, poseidonT3Bytecode, []);
  const verifier = (key: KeyFile): Promise<Hex> =>
    make(key.circuit, groth16Abi, groth16Bytecode, [key.words, key.isDevelopment]);
  const solvency = await verifier(keys.solvency);
  const margin = await verifier(keys.margin);
  const { house, operator, governor, delaySeconds, freshSeconds, exitSeconds } = terms;
  const config = { house, poseidon, operator, governor, delaySeconds, freshSeconds, exitSeconds };
  const circuits = { solvency, margin, chunkMembers: keys.solvency.size };
  const args = [config, terms.markets, circuits];
  const pool = await make('the pool', confidentialPoolAbi, confidentialPoolBytecode, args);
  return { pool, solvency, margin, poseidon };
}
