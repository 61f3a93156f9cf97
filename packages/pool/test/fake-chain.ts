/** A node that knows one pool at one block: answers JSON-RPC as the vectors say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { iConfidentialPoolAbi, iGroth16Abi, iProofRegistryAbi } from '@holdfast/abi';
import type { Hex } from '@holdfast/units';
import { decodeFunctionData, encodeFunctionResult, numberToHex, zeroAddress } from 'viem';

export const vectors = join(import.meta.dirname, 'vectors');
export const vector = (name: string): string => readFileSync(join(vectors, name), 'utf8');

/** What the chain of the vectors has. */
export const chainVector = () =>
  JSON.parse(vector('chain.json')) as {
    chainId: string;
    block: string;
    time: string;
    pool: Hex;
    registry: Hex;
    margin: Hex;
    circuitId: string;
    epoch: number;
    epochId: string;
    freshUntil: string;
    chunkIndex: number;
    chunkRoot: string;
  };

export type FakeChain = ReturnType<typeof chainVector>;
type Call = { readonly to: Hex; readonly data: Hex };

function called(chain: FakeChain, call: Call): Hex {
  const [to, data] = [call.to.toLowerCase(), call.data];
  if (to === chain.pool) {
    const abi = iConfidentialPoolAbi;
    const { functionName } = decodeFunctionData({ abi, data });
    if (functionName !== 'registry') throw new Error(`pool: ${functionName}`);
    return encodeFunctionResult({ abi, functionName, result: chain.registry });
  }
  if (to === chain.margin) {
    const result = BigInt(chain.circuitId);
    return encodeFunctionResult({ abi: iGroth16Abi, functionName: 'circuitId', result });
  }
  // As a node answers where no contract is.
  if (to !== chain.registry) return '0x';
  const abi = iProofRegistryAbi;
  const { functionName, args } = decodeFunctionData({ abi, data });
  const isIt = args?.[0] === chain.epoch && (args[1] ?? 0) === chain.chunkIndex;
  const results: Record<string, unknown> = {
    circuits: { solvency: zeroAddress, margin: chain.margin, chunkMembers: 4 },
    provenLast: [chain.epoch, Number(chain.time)],
    freshUntil: Number(chain.freshUntil),
    provenId: isIt ? BigInt(chain.epochId) : 0n,
    chunkRoot: isIt ? BigInt(chain.chunkRoot) : 0n,
  };
  return encodeFunctionResult({ abi, functionName, result: results[functionName] } as never);
}

/** The result of a request. `seen` takes the block that each call asked of. */
export function answerOf(
  chain: FakeChain,
  { method, params }: { readonly method: string; readonly params?: unknown },
  seen: unknown[] = [],
): unknown {
  const [first, second] = (params ?? []) as [unknown, unknown];
  if (method === 'eth_chainId') return numberToHex(BigInt(chain.chainId));
  if (method === 'eth_call') {
    seen.push(second);
    return called(chain, first as Call);
  }
  if (method !== 'eth_getBlockByNumber') throw new Error(`${method} is not asked for`);
  const [number, timestamp] = [chain.block, chain.time].map((text) => numberToHex(BigInt(text)));
  return { number, timestamp, transactions: [], hash: `0x${'11'.repeat(32)}` };
}
