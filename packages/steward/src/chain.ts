/** What the chain says of a market's steward, and what the steward sends. */
import { parametersAbi, stewardAbi } from '@holdfast/abi';
import type { ChainReader, ChainWriter, Venue } from '@holdfast/host';
import {
  type RiskTuple,
  type SteeredParams,
  type StewardCourse,
  type StewardTerms,
  type StewardView,
  tupleOf,
} from '@holdfast/risk';
import { EnvironmentError } from '@holdfast/units';
import { type Abi, type Address, type Hex, zeroAddress } from 'viem';

/** Everything of a market that the rules ask for, and who steers it. */
export interface SteeredMarket extends StewardView {
  readonly market: number;
  readonly symbol: string;
  /** Parameters in force. */
  readonly params: SteeredParams;
}

/** A steward's contract as the chain has it now. */
export interface StewardState {
  readonly steward: Address;
  readonly operator: Address;
  /** Whether the parameters name it: otherwise its moves are refused. */
  readonly inOffice: boolean;
  readonly terms: StewardTerms;
  readonly markets: readonly SteeredMarket[];
}

type Raw = Readonly<Record<string, number | bigint>>;

const numbersOf = <T>(raw: Raw): T =>
  Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, Number(value)])) as T;

/** The venue's steward. @throws EnvironmentError NotFound when it has none */
export function stewardOf(venue: Venue): Address {
  const { steward } = venue.contracts;
  if (steward !== undefined) return steward as Address;
  const message = 'this venue has no steward: its parameters are governance’s alone';
  throw new EnvironmentError('NotFound', message, { retry: false });
}

/** Reads the steward and all markets, as of one block. */
export async function readSteward(venue: Venue, reader: ChainReader): Promise<StewardState> {
  const steward = stewardOf(venue);
  const { number: blockNumber, timestamp } = await reader.getBlock();
  const ask = (address: Address, abi: unknown, functionName: string, ...args: unknown[]) =>
    reader.readContract({ address, abi: abi as Abi, functionName, args, blockNumber } as never);
  const parameters = venue.contracts.parameters as Address;
  const [rawTerms, operator, named] = (await Promise.all([
    ask(steward, stewardAbi, 'terms'),
    ask(steward, stewardAbi, 'operator'),
    ask(parameters, parametersAbi, 'steward'),
  ])) as [Raw, Address, Address];
  const terms = numbersOf<StewardTerms>(rawTerms);
  const markets = await Promise.all(
    venue.markets.map(async ({ id, symbol }) => {
      const [anchor, params, course] = (await Promise.all([
        ask(parameters, parametersAbi, 'anchor', id),
        ask(parameters, parametersAbi, 'market', id),
        ask(steward, stewardAbi, 'course', id),
      ])) as [Raw, Raw, Raw];
      const inForce = numbersOf<SteeredParams>(params);
      return {
        market: id,
        symbol,
        anchor: numbersOf<SteeredParams>(anchor),
        params: inForce,
        current: tupleOf(inForce),
        course: numbersOf<StewardCourse>(course),
        terms,
        now: Number(timestamp),
      };
    }),
  );
  const inOffice = named !== zeroAddress && named.toLowerCase() === steward.toLowerCase();
  return { steward, operator, inOffice, terms, markets };
}

/** A move as the contract takes it. */
export interface Move {
  readonly market: number;
  readonly tuple: RiskTuple;
  readonly modelHash: Hex;
  readonly inputRoot: Hex;
  /** Second of the newest input. */
  readonly time: number;
}

/** What the operator does on chain; each waits for its receipt and insists on success. */
export interface StewardHands {
  move(move: Move): Promise<Hex>;
  announce(market: number, maintenancePpm: number): Promise<Hex>;
  withdraw(market: number): Promise<Hex>;
  decay(market: number): Promise<Hex>;
}

/** @throws Error from viem with the contract's error when a call would be refused */
export function createHands(
  steward: Address,
  reader: ChainReader,
  writer: ChainWriter,
): StewardHands {
  const act = async (functionName: string, ...args: unknown[]): Promise<Hex> => {
    const call = { address: steward, abi: stewardAbi as Abi, functionName, args };
    // Asked first: what is refused costs no gas and says why.
    await reader.simulateContract({ ...call, account: writer.account } as never);
    const hash = await writer.writeContract(call as never);
    const { status } = await reader.waitForTransactionReceipt({ hash, timeout: 60_000 });
    if (status !== 'success') throw new Error(`${functionName} was reverted: ${hash}`);
    return hash;
  };
  return {
    move: (move) => act('move', move),
    announce: (market, maintenancePpm) => act('announce', market, maintenancePpm),
    withdraw: (market) => act('withdraw', market),
    decay: (market) => act('decay', market),
  };
}
