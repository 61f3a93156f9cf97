/** Where a venue is: from its venue.json, or found out from a node's address. */
import {
  type Clock,
  type ClockSettings,
  type chainAccess,
  createChainReader,
  createClock,
  fetchJson,
  loadVenue,
  type Venue,
} from '@holdfast/host';
import { isFrame, readServerFrame } from '@holdfast/order';
import { EnvironmentError, type Hex, marketId } from '@holdfast/units';
import { parseAbi } from 'viem';
import WebSocket from 'ws';
import type { Market } from './market.ts';

/** What the sdk needs to know of a venue. */
export type VenueInfo = {
  readonly chainId: number;
  /** Undefined: no chain actions. */
  readonly rpcUrl: string | undefined;
  /** Base of the node's HTTP interface, without a trailing slash. */
  readonly nodeUrl: string;
  readonly clearingHouse: Hex;
  /** Signer of the node's receipts, when it is known beforehand. */
  readonly node: Hex | undefined;
  readonly token: { readonly address: Hex; readonly symbol: string; readonly decimals: number };
  readonly vault: Hex;
  readonly oracle: Hex;
  readonly markets: readonly Market[];
  readonly clock: Clock;
  readonly blockMs: number;
  readonly deployBlock: number;
};

/** How to find a venue: its folder or description, or a node's address; the rest overrides. */
export type VenueSource = {
  /** Folder with venue.json, or its content. */
  readonly venue?: string | Venue | undefined;
  /** Node, http://host:port. */
  readonly url?: string | undefined;
  readonly rpcUrl?: string | undefined;
};

/**
 * Finds a venue.
 * @throws EnvironmentError from reading venue.json, `VenueUnknown`, or `Unreachable`.
 */
export async function findVenue(source: VenueSource): Promise<VenueInfo> {
  if (source.venue !== undefined) {
    const venue = typeof source.venue === 'string' ? loadVenue(source.venue) : source.venue;
    return fromVenue(venue, source);
  }
  if (source.url === undefined) {
    throw new EnvironmentError('VenueUnknown', 'give a venue folder or the url of a node');
  }
  return discover(trim(source.url), source.rpcUrl);
}

const trim = (url: string): string => url.replace(/\/+$/, '').replace(/^ws/, 'http');

function fromVenue(venue: Venue, source: VenueSource): VenueInfo {
  const { contracts, gateway } = venue;
  return {
    chainId: venue.chainId,
    rpcUrl: source.rpcUrl ?? venue.rpcUrl,
    nodeUrl: trim(source.url ?? `http://${gateway.host}:${gateway.port}`),
    clearingHouse: contracts.clearingHouse,
    node: venue.node,
    token: { address: contracts.token, ...venue.token },
    vault: contracts.vault,
    oracle: contracts.oracle,
    markets: venue.markets.map((market) => ({ ...market, id: marketId(market.id) })),
    clock: createClock(venue.clock),
    blockMs: venue.blockMs,
    deployBlock: venue.deployBlock,
  };
}

const abi = parseAbi([
  'function vault() view returns (address)',
  'function oracle() view returns (address)',
  'function token() view returns (address)',
  'function symbol() view returns (string)',
  'function decimals() view returns (uint8)',
]);

const nowhere: Hex = `0x${'00'.repeat(20)}`;

/** Asks the node, then the chain, for what venue.json would have said. */
async function discover(url: string, rpcUrl: string | undefined): Promise<VenueInfo> {
  const [hello, markets, status] = await Promise.all([
    greet(url),
    fetchJson(`${url}/v1/markets`),
    fetchJson(`${url}/v1/status`),
  ]);
  const { venueTime } = status.body as { venueTime: number };
  const clock: ClockSettings = { wallEpochMs: Date.now(), venueEpoch: venueTime, speed: 1 };
  const base = {
    ...hello,
    nodeUrl: url,
    markets: markets.body as Market[],
    clock: createClock(clock),
    blockMs: 1000,
    deployBlock: 0,
    rpcUrl,
  };
  if (rpcUrl === undefined) {
    const token = { address: nowhere, symbol: 'quote', decimals: 6 };
    return { ...base, token, vault: nowhere, oracle: nowhere };
  }
  const reader = createChainReader({ rpcUrl, chainId: hello.chainId });
  const read = <T>(address: Hex, functionName: string) =>
    reader.readContract({ address, abi, functionName: functionName as never }) as Promise<T>;
  const { clearingHouse } = hello;
  const [vault, oracle] = await Promise.all([
    read<Hex>(clearingHouse, 'vault'),
    read<Hex>(clearingHouse, 'oracle'),
  ]);
  const address = await read<Hex>(vault, 'token');
  const [symbol, decimals] = await Promise.all([
    read<string>(address, 'symbol'),
    read<number>(address, 'decimals'),
  ]);
  return { ...base, vault, oracle, token: { address, symbol, decimals } };
}

type Greeting = Pick<VenueInfo, 'chainId' | 'clearingHouse' | 'node'>;

/** The hello of a node's gateway. */
function greet(url: string, timeoutMs = 5000): Promise<Greeting> {
  return new Promise((resolve, fail) => {
    const socket = new WebSocket(socketUrl(url), { handshakeTimeout: timeoutMs });
    const give = (message: string) => {
      clearTimeout(timer);
      socket.terminate();
      fail(new EnvironmentError('Unreachable', `${url}: ${message}`, { retry: true }));
    };
    const timer = setTimeout(() => give(`no hello in ${timeoutMs} ms`), timeoutMs);
    socket.on('error', (error) => give(error.message));
    socket.on('message', (data) => {
      const frame = readServerFrame(String(data));
      if (!isFrame(frame) || frame.op !== 'hello') return;
      clearTimeout(timer);
      socket.close();
      const { chainId, clearingHouse, node } = frame;
      resolve({ chainId, clearingHouse, node });
    });
  });
}

/** Address of the gateway's WebSocket. */
export const socketUrl = (nodeUrl: string): string => `${nodeUrl.replace(/^http/, 'ws')}/v1/ws`;

/** How to reach the chain. @throws EnvironmentError `RpcMissing` when no rpc is known */
export function chainOf(info: VenueInfo): ReturnType<typeof chainAccess> {
  if (info.rpcUrl === undefined) {
    throw new EnvironmentError('RpcMissing', 'this needs the chain: give an rpc url');
  }
  return { rpcUrl: info.rpcUrl, chainId: info.chainId, blockMs: info.blockMs };
}
