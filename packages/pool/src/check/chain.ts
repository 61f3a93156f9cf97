/** What a verifier reads of a pool itself: all of it at one block, with a JSON-RPC URL alone. */
import { iConfidentialPoolAbi, iGroth16Abi, iProofRegistryAbi } from '@holdfast/abi';
import { type Hex, type Rejection, reject } from '@holdfast/units';
import { BaseError, type Client, createClient, http } from 'viem';
import { getBlock, getChainId, readContract } from 'viem/actions';

/** A pool at a block. */
export type ChainSaid = {
  readonly chainId: bigint;
  readonly block: bigint;
  /** Second of the block. */
  readonly time: bigint;
  readonly pool: Hex;
  readonly registry: Hex;
  /** Name of the margin circuit in force, which is a hash of its verification key. */
  readonly circuitId: bigint;
  /** Newest epoch that is proven whole, and its id. */
  readonly epoch: number;
  readonly epochId: bigint;
  /** Last second at which the epoch counts. */
  readonly freshUntil: bigint;
  readonly chunkIndex: number;
  readonly chunkRoot: bigint;
};

const waitMs = 15_000;
const lower = (text: string): Hex => text.toLowerCase() as Hex;

async function readAll(client: Client, pool: Hex, chunkIndex: number): Promise<ChainSaid> {
  const { number: blockNumber, timestamp: time } = await getBlock(client);
  const of = { address: pool, abi: iConfidentialPoolAbi, blockNumber } as const;
  const registry = await readContract(client, { ...of, functionName: 'registry' });
  const at = { address: registry, abi: iProofRegistryAbi, blockNumber } as const;
  const [chainId, circuits, [epoch], freshUntil] = await Promise.all([
    getChainId(client),
    readContract(client, { ...at, functionName: 'circuits' }),
    readContract(client, { ...at, functionName: 'provenLast' }),
    readContract(client, { ...at, functionName: 'freshUntil' }),
  ]);
  const circuit = { address: circuits.margin, abi: iGroth16Abi, blockNumber } as const;
  const [circuitId, epochId, chunkRoot] = await Promise.all([
    readContract(client, { ...circuit, functionName: 'circuitId' }),
    readContract(client, { ...at, functionName: 'provenId', args: [epoch] }),
    readContract(client, { ...at, functionName: 'chunkRoot', args: [epoch, chunkIndex] }),
  ]);
  return {
    chainId: BigInt(chainId),
    block: blockNumber,
    time,
    pool: lower(pool),
    registry: lower(registry),
    circuitId,
    epoch,
    epochId,
    freshUntil: BigInt(freshUntil),
    chunkIndex,
    chunkRoot,
  };
}

/** Why a chain did not tell, in the words of its node. */
function chainRejection(cause: unknown, pool: Hex): Rejection {
  const text = cause instanceof BaseError ? cause.shortMessage : String(cause);
  const isRequest =
    cause instanceof BaseError && cause.walk((each) => (each as Error).name === 'HttpRequestError');
  if (isRequest || !(cause instanceof BaseError)) {
    const cure = 'see whether the URL answers, and lets pages ask it (CORS)';
    const words = text.replace(/\.$/, '');
    return reject('ChainFailed', `the chain’s node did not answer: ${words} – ${cure}`);
  }
  return reject('PoolUnknown', `there is no pool at ${pool}, or the node fails: ${text}`);
}

/** Asks a client. @returns `ChainFailed`, `PoolUnknown` where that fails */
export async function readPool(
  client: Client,
  pool: Hex,
  chunkIndex: number,
): Promise<ChainSaid | Rejection> {
  try {
    return await readAll(client, pool, chunkIndex);
  } catch (cause) {
    return chainRejection(cause, pool);
  }
}

/** Asks the node at a URL. @returns `UrlMalformed` besides */
export async function readPoolAt(
  url: string,
  pool: Hex,
  chunkIndex: number,
): Promise<ChainSaid | Rejection> {
  if (!/^https?:\/\/\S+$/.test(url)) {
    return reject('UrlMalformed', 'give the URL of a node: http://… or https://…');
  }
  const transport = http(url, { timeout: waitMs, retryCount: 1 });
  return readPool(createClient({ transport }), pool, chunkIndex);
}
