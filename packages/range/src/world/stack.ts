/** Deploys the venue of a scenario on the range's chain, and knows what code is where. */
import * as abi from '@holdfast/abi';
import {
  type ChainReader,
  createChainReader,
  createChainWriter,
  type Venue,
  type VenueMarket,
} from '@holdfast/host';
import { EnvironmentError, type Hex, invariant } from '@holdfast/units';
import {
  type Deployment,
  demoBreaker,
  demoMarkets,
  demoSymbols,
  deployVenue,
  readHead,
} from '@holdfast/venue';
import { type Abi, encodeDeployData } from 'viem';
import type { Compiler } from '../solidity/compiler.ts';
import { solidityFolder } from '../solidity/own.ts';
import type { VenueTerms } from '../types.ts';
import { chainId, genesisTime, mineAt, type RangeChain } from './chain.ts';
import type { Keys } from './keys.ts';

/** A contract as it was created. */
export interface Placed {
  readonly address: Hex;
  /** Encoded constructor arguments, without 0x. */
  readonly args: string;
}

/** A deployed venue. */
export interface Stack {
  readonly venue: Venue;
  /** Contracts by the name of their source, such as `CustodyModule`. */
  readonly placed: ReadonlyMap<string, Placed>;
}

export const reporterNames = ['reporter-1', 'reporter-2', 'reporter-3', 'reporter-4', 'reporter-5'];
export const reportQuorum = 3;
export const guardianNames = ['guardian-1', 'guardian-2', 'guardian-3'];
/** Everybody who pays gas before anything else happens. */
export const officeNames = ['deployer', 'sequencer', 'governor', 'keeper', ...guardianNames];

/** Creation code of the venue's contracts, by name. */
const bytecodes: readonly (readonly [name: string, code: string])[] = Object.entries(abi)
  .filter((entry): entry is [string, Hex] => entry[0].endsWith('Bytecode'))
  .map(([key, code]) => {
    const name = key.slice(0, -'Bytecode'.length);
    return [`${name[0]?.toUpperCase()}${name.slice(1)}`, code] as const;
  });

type RawBlock = { transactions: { to: string | null; input: string; hash: Hex }[] };

/** A reader that mines while it waits: blocks depend on what was sent, never on how fast. */
export function miningReader(chain: Pick<RangeChain, 'rpc' | 'rpcUrl'>): ChainReader {
  const reader = createChainReader({ rpcUrl: chain.rpcUrl, chainId, blockMs: 200, retries: 0 });
  const wait = async ({ hash }: { hash: Hex }) => {
    for (let blocks = 0; blocks < 64; blocks++) {
      const found = await chain.rpc('eth_getTransactionReceipt', [hash]);
      if (found !== null) return reader.getTransactionReceipt({ hash });
      const head = await readHead(chain.rpc);
      await mineAt(chain.rpc, head.timestamp + 1);
    }
    throw new EnvironmentError('NotMined', `${hash} is in no block`, { retry: false });
  };
  return { ...reader, waitForTransactionReceipt: wait as ChainReader['waitForTransactionReceipt'] };
}

/** Which contract each creation since `from` made. */
export async function findPlaced(
  chain: Pick<RangeChain, 'rpc'>,
  from: number,
): Promise<Map<string, Placed>> {
  const placed = new Map<string, Placed>();
  const head = Number(await chain.rpc('eth_blockNumber'));
  for (let number = from; number <= head; number++) {
    const hex = `0x${number.toString(16)}`;
    const block = (await chain.rpc('eth_getBlockByNumber', [hex, true])) as RawBlock;
    for (const { to, input, hash } of block.transactions) {
      if (to !== null) continue;
      const [name, code] = bytecodes.find(([, each]) => input.startsWith(each)) ?? [];
      if (name === undefined || code === undefined) continue;
      const receipt = (await chain.rpc('eth_getTransactionReceipt', [hash])) as {
        contractAddress: Hex;
      };
      placed.set(name, { address: receipt.contractAddress, args: input.slice(code.length) });
    }
  }
  return placed;
}

/** Markets of the range: those of the demonstration, with prices that live for ten minutes. */
export function rangeMarkets(): VenueMarket[] {
  return demoMarkets(demoSymbols, 1).map((market) => ({ ...market, priceAgeSecondsMax: 600 }));
}

async function deployCollateral(
  chain: RangeChain,
  keys: Keys,
  compiler: Compiler,
  terms: VenueTerms,
): Promise<Hex | undefined> {
  if (terms.collateral === undefined) return undefined;
  const { file, name } = terms.collateral;
  const sources = solidityFolder();
  const code = await compiler.compile({ file, name, sources, light: false });
  const types = [{ type: 'constructor', inputs: [{ type: 'uint8', name: 'decimals' }] }];
  const data = encodeDeployData({
    abi: types as unknown as Abi,
    bytecode: code,
    args: [terms.decimals ?? 6],
  });
  const access = { rpcUrl: chain.rpcUrl, chainId };
  const writer = createChainWriter(access, keys.account('deployer'));
  const hash = await writer.sendTransaction({ data, gas: 5_000_000n });
  const receipt = await miningReader(chain).waitForTransactionReceipt({ hash });
  invariant(receipt.contractAddress != null, `${name} could not be deployed`);
  return receipt.contractAddress;
}

/** Deploys a venue on a chain that has none. */
export async function deployStack(
  chain: RangeChain,
  keys: Keys,
  compiler: Compiler,
  terms: VenueTerms,
): Promise<Stack> {
  const rich = ['0xffffffffffffffffffffffff'];
  for (const name of officeNames) {
    await chain.rpc('anvil_setBalance', [keys.account(name).address, ...rich]);
  }
  const { collateral: _, decimals = 6, breaker, ...more } = terms;
  const tokenAddress = await deployCollateral(chain, keys, compiler, terms);
  const markets = terms.markets ?? rangeMarkets();
  const reporters = reporterNames.map((name) => keys.account(name).address);
  const access = { rpcUrl: chain.rpcUrl, chainId };
  const from = Number(await chain.rpc('eth_blockNumber')) + 1;
  const deployed: Deployment = await deployVenue(
    miningReader(chain),
    createChainWriter(access, keys.account('deployer')),
    {
      markets,
      reporters: { k: reportQuorum, addresses: reporters },
      sequencer: keys.account('sequencer').address,
      governor: keys.account('governor').address,
      guardians: guardianNames.map((name) => keys.account(name).address),
      quietSeconds: 3_600,
      reportSkewSecondsMax: 120,
      gas: 8_000_000n,
      token: { name: 'Test Dollar', symbol: 'tUSD', decimals },
      ...more,
      ...(breaker === undefined ? {} : { breaker: { ...demoBreaker, ...breaker } }),
      ...(tokenAddress === undefined ? {} : { tokenAddress }),
    },
  );
  const none = { host: '127.0.0.1', port: 1 };
  const venue: Venue = {
    version: 1,
    chainId,
    rpcUrl: chain.rpcUrl,
    contracts: deployed.contracts,
    deployBlock: deployed.deployBlock,
    token: { symbol: 'tUSD', decimals },
    markets: [...markets],
    clock: { wallEpochMs: genesisTime * 1000, venueEpoch: genesisTime, speed: 1 },
    gateway: none,
    relay: none,
    reporters: { k: reportQuorum, n: reporters.length, addresses: reporters },
    sequencer: keys.account('sequencer').address,
    node: keys.account('sequencer').address,
    blockMs: 1_000,
  };
  return { venue, placed: await findPlaced(chain, from) };
}
