/** A local venue under the votes of three seats: `npm start -- --governance`. */
import { parametersAbi } from '@holdfast/abi';
import {
  type ChainReader,
  type ChainWriter,
  chainAccess,
  createChainReader,
  createChainWriter,
  type Faucet,
  loadOrCreateKey,
  sleep,
  type Venue,
  venuePaths,
} from '@holdfast/host';
import type { Address } from 'viem';
import { councilTerms, deployGovernance, proposeTakeOver, takeOver } from '../governance.ts';
import type { VenueKeys } from './keys.ts';

/** Seats of a local venue's council. */
export const seatCount = 3;
/** Name of the nth (from 1) seat's key. */
export const seatKey = (n: number): string => `seat-${n}`;

/** Short votes; what loosens waits a day, the least that there is. */
const local = { votingDelaySeconds: 5, votingPeriodSeconds: 3_600, loosenSeconds: 86_400 };

/** Puts the votes in charge, as soon as the chain has a block in which they may. */
async function seatCouncil(
  reader: ChainReader,
  writer: ChainWriter,
  venue: Venue,
  access: Address,
): Promise<void> {
  const address = venue.contracts.parameters;
  const call = { address, abi: parametersAbi, functionName: 'pendingGovernor' } as const;
  const [, readyAt] = await reader.readContract(call);
  while ((await reader.getBlock()).timestamp < BigInt(readyAt)) await sleep(50);
  await takeOver(reader, writer, access);
}

/**
 * Deploys the votes, has the governor's key name them, lets the venue's delay pass, and puts them
 * in charge.
 *
 * @param pass lets a day pass on the chain
 * @returns what `pass` returned
 */
export async function putUnderVotes<T>(
  dir: string,
  keys: Pick<VenueKeys, 'deployer' | 'governor'>,
  faucet: Faucet,
  venue: Venue,
  pass: () => Promise<T>,
): Promise<T> {
  const chain = chainAccess(venue);
  const reader = createChainReader(chain);
  const deployer = createChainWriter(chain, keys.deployer);
  const names = Array.from({ length: seatCount }, (_, i) => seatKey(i + 1));
  const own = names.map((name) => loadOrCreateKey(venuePaths(dir).keys, name));
  const seats = (await Promise.all(own)).map(({ address }) => address);
  await Promise.all(seats.map((seat) => faucet.gas(seat, 10n ** 20n)));
  const terms = { ...councilTerms(seats), ...local };
  const { access } = await deployGovernance(reader, deployer, venue, terms);
  await proposeTakeOver(reader, createChainWriter(chain, keys.governor), venue, access);
  const passed = await pass();
  await seatCouncil(reader, deployer, venue, access);
  return passed;
}
