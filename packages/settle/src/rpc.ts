/**
 * The chain as the settler needs it. Three outcomes of a call: a value, a {@link Revert} (the
 * contracts said no), or an EnvironmentError `RpcDown` with retry (the endpoint did not answer).
 */
import { errorsAbi } from '@holdfast/abi';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { type Abi, BaseError, decodeErrorResult } from 'viem';

/** JSON-RPC by any client: viem's `PublicClient` fits. */
export type RpcClient = {
  request(args: { method: string; params: unknown[] }): Promise<unknown>;
};

/** The contracts refused a call. */
export type Revert = {
  readonly kind: 'revert';
  /** Name of the custom error, or `Reverted`. */
  readonly code: string;
  /** The error with its arguments. */
  readonly message: string;
  readonly data: Hex;
};

export type Block = {
  readonly number: number;
  readonly hash: Hex;
  readonly parent: Hex;
  readonly time: number;
  readonly gasLimit: number;
  readonly baseFee: bigint;
};

export type RawLog = {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly transactionHash: Hex;
  readonly logIndex: number;
  readonly blockNumber: number;
  readonly blockHash: Hex;
};

export type Receipt = {
  readonly success: boolean;
  readonly block: number;
  readonly blockHash: Hex;
  readonly gasUsed: number;
};

/** Names a revert by the custom errors of all our contracts. */
export function decodeRevert(data: Hex): Revert {
  try {
    const { errorName, args } = decodeErrorResult({ abi: errorsAbi as Abi, data });
    const shown = (args ?? []).map(String).join(', ');
    return { kind: 'revert', code: errorName, message: `${errorName}(${shown})`, data };
  } catch {
    const message = data === '0x' ? 'reverted without a reason' : `reverted with ${data}`;
    return { kind: 'revert', code: 'Reverted', message, data };
  }
}

function hexNumber(value: unknown): number {
  return Number(BigInt(value as string));
}

function quantity(value: number | bigint): Hex {
  return `0x${value.toString(16)}`;
}

type NodeError = { readonly code?: number; readonly data?: unknown; readonly message: string };

/** The JSON-RPC error object inside whatever the client threw, if the node did answer. */
function nodeErrorOf(error: unknown): NodeError | undefined {
  const chain: unknown[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) chain.push(at);
  const answered = chain.find(
    (item) => item instanceof BaseError && item.name === 'RpcRequestError',
  ) as (BaseError & { code?: number; data?: unknown }) | undefined;
  if (answered === undefined) return undefined;
  return { code: answered.code ?? 0, data: answered.data, message: answered.details };
}

function revertOf(error: NodeError): Revert | undefined {
  const data = typeof error.data === 'string' ? error.data : undefined;
  if (data?.startsWith('0x')) return decodeRevert(data as Hex);
  if (error.code === 3 || /revert/i.test(error.message)) {
    return { kind: 'revert', code: 'Reverted', message: error.message, data: '0x' };
  }
  return undefined;
}

/** Whether a value of {@link Chain} is a refusal. */
export function isRevert(value: unknown): value is Revert {
  return typeof value === 'object' && value !== null && (value as Revert).kind === 'revert';
}

export type CallRequest = { readonly from?: Hex; readonly to: Hex; readonly data: Hex };
export type Chain = ReturnType<typeof createChain>;
type Ask = (method: string, params: unknown[]) => Promise<unknown>;
type Raw = Record<string, string>;

function asker(client: RpcClient): Ask {
  return async (method, params) => {
    try {
      return await client.request({ method, params });
    } catch (error) {
      const answered = nodeErrorOf(error);
      const refused = answered === undefined ? undefined : revertOf(answered);
      if (refused !== undefined) return refused;
      if (answered !== undefined) {
        const message = `${method}: ${answered.message}`;
        throw new EnvironmentError('RpcRefused', message, { retry: true, cause: error });
      }
      const reason = error instanceof BaseError ? error.shortMessage : String(error);
      const message = `the chain's RPC does not answer: ${reason}`;
      throw new EnvironmentError('RpcDown', message, { retry: true, cause: error });
    }
  };
}

function isRefused(error: unknown): boolean {
  return error instanceof EnvironmentError && error.code === 'RpcRefused';
}

function blockReads(ask: Ask) {
  const logs = async (filter: Record<string, unknown>): Promise<RawLog[]> => {
    const raw = (await ask('eth_getLogs', [filter])) as Record<string, unknown>[];
    return raw
      .filter((log) => log.removed !== true)
      .map((log) => ({
        address: (log.address as string).toLowerCase() as Hex,
        topics: log.topics as Hex[],
        data: log.data as Hex,
        transactionHash: log.transactionHash as Hex,
        logIndex: hexNumber(log.logIndex),
        blockNumber: hexNumber(log.blockNumber),
        blockHash: log.blockHash as Hex,
      }));
  };
  return {
    block: async (tag: number | 'latest'): Promise<Block | undefined> => {
      const at = tag === 'latest' ? tag : quantity(tag);
      const raw = (await ask('eth_getBlockByNumber', [at, false])) as Raw | null;
      if (raw === null) return undefined;
      return {
        number: hexNumber(raw.number),
        hash: raw.hash as Hex,
        parent: raw.parentHash as Hex,
        time: hexNumber(raw.timestamp),
        gasLimit: hexNumber(raw.gasLimit),
        baseFee: BigInt(raw.baseFeePerGas ?? '0x0'),
      };
    },
    /** Logs of one block, by its hash: never those of a sibling. */
    logsOf: (address: readonly Hex[], blockHash: Hex) => logs({ address, blockHash }),
    logsRange: (address: readonly Hex[], from: number, to: number) =>
      logs({ address, fromBlock: quantity(from), toBlock: quantity(to) }),
  };
}

function callReads(ask: Ask) {
  return {
    call: async (request: CallRequest, at: number | 'latest') => {
      const tag = typeof at === 'number' ? quantity(at) : at;
      return (await ask('eth_call', [request, tag])) as Hex | Revert;
    },
    /** As `call` on the newest state, in a block of the given time. */
    callAt: async (request: CallRequest, time: number): Promise<Hex | Revert> => {
      try {
        const params = [request, 'latest', {}, { time: quantity(time) }];
        return (await ask('eth_call', params)) as Hex | Revert;
      } catch (error) {
        // Not every endpoint takes block overrides; the head's own time is the nearest thing.
        if (!isRefused(error)) throw error;
        return (await ask('eth_call', [request, 'latest'])) as Hex | Revert;
      }
    },
    /** `pending`: on top of what is in the pool, as far as the node has such a state. */
    estimateGas: async (
      request: CallRequest,
      tag: 'latest' | 'pending' = 'latest',
    ): Promise<number | Revert> => {
      const value = await ask('eth_estimateGas', [request, tag]);
      return isRevert(value) ? value : hexNumber(value);
    },
    code: async (address: Hex) => (await ask('eth_getCode', [address, 'latest'])) as Hex,
  };
}

function transactions(ask: Ask) {
  const byHash = async (hash: Hex): Promise<Raw | null> =>
    (await ask('eth_getTransactionByHash', [hash])) as Raw | null;
  return {
    nonce: async (address: Hex) =>
      hexNumber(await ask('eth_getTransactionCount', [address, 'latest'])),
    priorityFee: async (): Promise<bigint> => {
      try {
        return BigInt((await ask('eth_maxPriorityFeePerGas', [])) as string);
      } catch (error) {
        if (isRefused(error)) return 1_000_000_000n;
        throw error;
      }
    },
    send: async (raw: Hex) => (await ask('eth_sendRawTransaction', [raw])) as Hex | Revert,
    isKnown: async (hash: Hex) => (await byHash(hash)) !== null,
    input: async (hash: Hex) => (await byHash(hash))?.input as Hex | undefined,
    receipt: async (hash: Hex): Promise<Receipt | undefined> => {
      const raw = (await ask('eth_getTransactionReceipt', [hash])) as Raw | null;
      if (raw === null || !raw.blockNumber) return undefined;
      return {
        success: hexNumber(raw.status) === 1,
        block: hexNumber(raw.blockNumber),
        blockHash: raw.blockHash as Hex,
        gasUsed: hexNumber(raw.gasUsed),
      };
    },
  };
}

/** Wraps a client. */
export function createChain(client: RpcClient) {
  const ask = asker(client);
  return { ...blockReads(ask), ...callReads(ask), ...transactions(ask) };
}
