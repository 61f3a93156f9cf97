/** Transactions of the world: signed by their sender's key, mined at once, told how they ended. */
import { errorsAbi } from '@holdfast/abi';
import { fetchJson } from '@holdfast/host';
import { EnvironmentError, type Hex, invariant } from '@holdfast/units';
import type { Rpc } from '@holdfast/venue';
import { decodeErrorResult } from 'viem';
import type { LocalAccount } from 'viem/accounts';
import { chainId } from './chain.ts';

/** How a request ended. A refusal is a value: most of what an attacker tries is refused. */
export interface Outcome {
  readonly ok: boolean;
  /** Name of the error, `''` when it went through. */
  readonly error: string;
  readonly block: number;
  readonly gasUsed: bigint;
  readonly hash: Hex;
  readonly logs: readonly { address: Hex; topics: Hex[]; data: Hex }[];
  /** The contract that a creation made. */
  readonly created: Hex | undefined;
}

export interface Request {
  readonly to?: Hex;
  readonly data?: Hex;
  readonly value?: bigint;
  readonly gas?: bigint;
  /** wei per gas; decides the order within a block. */
  readonly tip?: bigint;
}

/** Gas of a request unless told: enough for what was compiled without the optimizer. */
const gasUsual = 12_000_000n;
const feeMax = 10n ** 12n;

/** Signs and hands over; not mined yet. */
export async function submit(
  rpc: Rpc,
  by: LocalAccount,
  nonce: number,
  { to, data, value = 0n, gas = gasUsual, tip = 10n ** 9n }: Request,
): Promise<Hex> {
  const fees = { maxFeePerGas: feeMax, maxPriorityFeePerGas: tip };
  const fields = { type: 'eip1559', chainId, nonce, value, gas, ...fees } as const;
  const raw = await by.signTransaction({ ...fields, ...(to && { to }), ...(data && { data }) });
  return (await rpc('eth_sendRawTransaction', [raw])) as Hex;
}

/** Name of the error in what a call returned. */
export function errorName(data: string | undefined): string {
  if (data === undefined || data.length < 10) return 'Reverted';
  try {
    return decodeErrorResult({ abi: errorsAbi, data: data as Hex }).errorName;
  } catch {
    return `Reverted ${data.slice(0, 10)}`;
  }
}

/** How a mined transaction ended. */
export async function outcomeOf(rpc: Rpc, hash: Hex): Promise<Outcome> {
  const receipt = (await rpc('eth_getTransactionReceipt', [hash])) as {
    status: string;
    blockNumber: string;
    gasUsed: string;
    contractAddress: Hex | null;
    logs: Outcome['logs'];
  } | null;
  invariant(receipt !== null, `${hash} is in no block`);
  const ok = receipt.status === '0x1';
  return {
    ok,
    error: ok ? '' : await whyNot(rpc, hash),
    block: Number(receipt.blockNumber),
    gasUsed: BigInt(receipt.gasUsed),
    hash,
    logs: receipt.logs,
    created: receipt.contractAddress ?? undefined,
  };
}

async function whyNot(rpc: Rpc, hash: Hex): Promise<string> {
  const trace = (await rpc('debug_traceTransaction', [hash, { tracer: 'callTracer' }])) as {
    output?: string;
    error?: string;
  };
  const name = errorName(trace.output);
  return name === 'Reverted' && trace.error ? trace.error : name;
}

/** Several calls at the newest block in one request. @throws EnvironmentError CallRefused */
export async function callMany(
  rpcUrl: string,
  calls: readonly { readonly to: Hex; readonly data: Hex }[],
): Promise<Hex[]> {
  const body = calls.map(({ to, data }, id) => ({
    jsonrpc: '2.0',
    id,
    method: 'eth_call',
    params: [{ to, data, gas: '0x5f5e100' }, 'latest'],
  }));
  const reply = await fetchJson(rpcUrl, { body, timeoutMs: 30_000 });
  const rows = reply.body as { id: number; result?: Hex; error?: { message?: string } }[];
  const answers = new Array<Hex>(calls.length);
  for (const { id, result, error } of rows) {
    if (result === undefined) {
      throw new EnvironmentError('CallRefused', `${calls[id]?.to}: ${error?.message}`);
    }
    answers[id] = result;
  }
  return answers;
}

/** Reads by a call at the newest block. @throws EnvironmentError CallRefused with the error */
export async function callRaw(rpc: Rpc, to: Hex, data: Hex): Promise<Hex> {
  try {
    return (await rpc('eth_call', [{ to, data, gas: '0x5f5e100' }, 'latest'])) as Hex;
  } catch (error) {
    throw new EnvironmentError('CallRefused', `${to}: ${String(error)}`, { retry: false });
  }
}
