/** Puts a venue under votes: council or token, governor, access manager; the key hands over. */
import {
  councilAbi,
  councilBytecode,
  parametersAbi,
  venueAccessAbi,
  venueAccessBytecode,
  venueGovernorAbi,
  venueGovernorBytecode,
} from '@holdfast/abi';
import type { ChainReader, ChainWriter, Venue } from '@holdfast/host';
import { builds, type ContractName, entriesOf, powers, readFacts } from '@holdfast/trust';
import { EnvironmentError } from '@holdfast/units';
import { type Abi, type Address, encodeDeployData, getContractAddress, type Hex } from 'viem';

export interface GovernanceTerms {
  /** Holders of seats of a new council, or a token of votes (ERC-5805, clock by time). */
  votes: { seats: readonly Address[] } | { token: Address };
  /** Time between a proposal and the snapshot of votes, seconds. */
  votingDelaySeconds: number;
  /** Time to vote, seconds; at least an hour. */
  votingPeriodSeconds: number;
  /** Votes that a proposer has. */
  threshold: bigint;
  /** Votes that a proposal needs, however few there are, and as a share of all. */
  quorumFloor: bigint;
  quorumPpm: bigint;
  /** Delay of whatever does not only tighten, seconds; longer than an exit. */
  loosenSeconds: number;
  /** How long a new market stays small, seconds, and how small, quote units. */
  shadowSeconds: number;
  shadowQuote: bigint;
}

export interface GovernanceAddresses {
  votes: Address;
  governor: Address;
  access: Address;
}

const daySeconds = 86_400;

/** Terms for a council of these seats: more than half of it, a day to vote, two days to wait. */
export const councilTerms = (seats: readonly Address[]): GovernanceTerms => ({
  votes: { seats },
  votingDelaySeconds: 60,
  votingPeriodSeconds: daySeconds,
  threshold: 1n,
  quorumFloor: BigInt(Math.floor(seats.length / 2) + 1),
  quorumPpm: 500_000n,
  loosenSeconds: 2 * daySeconds,
  shadowSeconds: 7 * daySeconds,
  shadowQuote: 50_000n * 10n ** 6n,
});

type Places = Readonly<Partial<Record<ContractName, Address>>>;

/** What the governor may do at once, by contract: all that the map of powers says tightens. */
export function tighteningsOf(places: Places): { target: Address; selectors: Hex[] }[] {
  return (Object.entries(places) as [ContractName, Address][]).flatMap(([name, target]) => {
    const selectors = entriesOf(builds[name].abi)
      .filter(({ signature }) => {
        const power = powers[name][signature];
        return power?.way === 'tighten' && power.who.includes('governor');
      })
      .map(({ selector }) => selector);
    return selectors.length === 0 ? [] : [{ target, selectors }];
  });
}

async function create(reader: ChainReader, writer: ChainWriter, name: string, data: Hex) {
  const hash = await writer.sendTransaction({ data, gas: 8_000_000n }).catch((error: Error) => {
    throw new EnvironmentError('DeployFailed', `deploying ${name} failed: ${error.message}`);
  });
  const receipt = await reader.waitForTransactionReceipt({ hash, timeout: 120_000 });
  if (receipt.status === 'success') return;
  const why = await reader.call({ account: writer.account, data }).then(
    () => 'it would succeed now; was the gas limit too low?',
    (error: Error) => error.message.split('\n')[0],
  );
  throw new EnvironmentError('DeployFailed', `deploying ${name} failed: ${why}`, { retry: false });
}

const dataOf = (abi: unknown, bytecode: Hex, args: readonly unknown[]): Hex =>
  encodeDeployData({ abi: abi as Abi, bytecode, args });

/**
 * Deploys votes, governor and access manager for a venue. It governs nothing before
 * {@link proposeTakeOver} and, after the venue's delay, {@link takeOver}.
 *
 * Assumes that nothing else sends from the deployer meanwhile.
 *
 * @throws EnvironmentError DeployFailed, also when the terms are refused
 */
export async function deployGovernance(
  reader: ChainReader,
  writer: ChainWriter,
  venue: Venue,
  terms: GovernanceTerms,
): Promise<GovernanceAddresses> {
  const { contracts } = venue;
  const { places } = await readFacts(reader, venue);
  const from = writer.account.address;
  const nonce = await reader.getTransactionCount({ address: from, blockTag: 'pending' });
  const isNew = 'seats' in terms.votes;
  const at = (place: number): Address =>
    getContractAddress({ from, nonce: BigInt(nonce + place + (isNew ? 1 : 0)) });
  const votes = 'token' in terms.votes ? terms.votes.token : at(-1);
  const [governor, access] = [at(0), at(1)];
  if ('seats' in terms.votes) {
    const args = [access, terms.votes.seats];
    await create(reader, writer, 'Council', dataOf(councilAbi, councilBytecode, args));
  }
  const { votingDelaySeconds, votingPeriodSeconds, threshold, quorumFloor, quorumPpm } = terms;
  const rules = { votingDelaySeconds, votingPeriodSeconds, threshold, quorumFloor, quorumPpm };
  const args = [votes, access, contracts.breaker, rules];
  await create(
    reader,
    writer,
    'VenueGovernor',
    dataOf(venueGovernorAbi, venueGovernorBytecode, args),
  );
  const { shadowSeconds, shadowQuote, loosenSeconds } = terms;
  const more = [
    governor,
    contracts.parameters,
    contracts.oracle,
    places.ForcedQueue,
    loosenSeconds,
    { shadowSeconds, shadowQuote },
    tighteningsOf(places),
  ];
  await create(reader, writer, 'VenueAccess', dataOf(venueAccessAbi, venueAccessBytecode, more));
  return { votes, governor, access };
}

async function call(
  reader: ChainReader,
  writer: ChainWriter,
  address: Address,
  abi: unknown,
  functionName: string,
  args: readonly unknown[],
): Promise<void> {
  const what = { address, abi: abi as Abi, functionName, args, account: writer.account };
  const { request } = await reader.simulateContract(what as never);
  const hash = await writer.writeContract(request as never);
  await reader.waitForTransactionReceipt({ hash });
}

/** The governor of before names the access manager as the next one; then its delay runs. */
export const proposeTakeOver = (
  reader: ChainReader,
  governor: ChainWriter,
  venue: Pick<Venue, 'contracts'>,
  access: Address,
): Promise<void> =>
  call(reader, governor, venue.contracts.parameters, parametersAbi, 'proposeGovernor', [access]);

/** Puts the access manager in charge once the delay is over; anybody may. */
export const takeOver = (
  reader: ChainReader,
  writer: ChainWriter,
  access: Address,
): Promise<void> => call(reader, writer, access, venueAccessAbi, 'takeOver', []);
