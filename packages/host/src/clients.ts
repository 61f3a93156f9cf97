import {
  type Chain,
  createPublicClient,
  createWalletClient,
  defineChain,
  type HttpTransport,
  http,
  type LocalAccount,
  type PublicClient,
  type WalletClient,
} from 'viem';

/** Where a chain is: enough to make clients for it. */
export interface ChainAccess {
  rpcUrl: string;
  chainId: number;
  /** Block interval in wall ms; sets how often receipts are asked for. */
  blockMs?: number | undefined;
  /** Longest wait for one call, in ms. */
  timeoutMs?: number | undefined;
  /** Attempts after the first one that fails by transport. */
  retries?: number | undefined;
  /** Sends calls of one moment in one request; only for a chain that is known to take them. */
  batch?: boolean | undefined;
}

export type ChainReader = PublicClient<HttpTransport, Chain>;
export type ChainWriter = WalletClient<HttpTransport, Chain, LocalAccount>;

/** The viem chain of a venue. */
export function venueChain(access: ChainAccess): Chain {
  return defineChain({
    id: access.chainId,
    name: `chain ${access.chainId}`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [access.rpcUrl] } },
  });
}

function transport(access: ChainAccess): HttpTransport {
  return http(access.rpcUrl, {
    timeout: access.timeoutMs ?? 10_000,
    retryCount: access.retries ?? 3,
    retryDelay: 150,
    ...(access.batch && { batch: { batchSize: 200 } }),
  });
}

function pollingInterval(access: ChainAccess): number {
  return Math.min(4000, Math.max(50, Math.floor((access.blockMs ?? 1000) / 4)));
}

/** A reading client with timeouts and retries; block numbers are never cached. */
export function createChainReader(access: ChainAccess): ChainReader {
  return createPublicClient({
    chain: venueChain(access),
    transport: transport(access),
    pollingInterval: pollingInterval(access),
    cacheTime: 0,
  });
}

/** A client that signs with a local key and sends; the key never leaves this process. */
export function createChainWriter(access: ChainAccess, account: LocalAccount): ChainWriter {
  return createWalletClient({
    account,
    chain: venueChain(access),
    transport: transport(access),
    pollingInterval: pollingInterval(access),
    cacheTime: 0,
  });
}
