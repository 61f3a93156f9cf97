/** What a venue is on chain, read once: its contracts and what it was deployed with. */
import {
  breakerAbi,
  clearingHouseAbi,
  forcedQueueAbi,
  parametersAbi,
  stewardAbi,
  vaultAbi,
  venueAccessAbi,
} from '@holdfast/abi';
import type { Venue as VenueFile } from '@holdfast/host';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { call } from '../chain/call.ts';
import type { Endpoint } from '../chain/endpoint.ts';
import type { Venue } from '../laws/block.ts';
import type { StewardRules } from '../laws/questions.ts';
import type { Source } from '../rule.ts';
import type { Places } from '../state/compare.ts';

export interface OpenVenue extends Venue {
  readonly places: Places;
  readonly laws: Hex;
  readonly deployBlock: number;
  readonly chainId: number;
}

const lower = (address: string): Hex => address.toLowerCase() as Hex;

/** Asks every endpoint for its chain and the first that answers for the rest. */
export async function openVenue(
  file: VenueFile,
  endpoints: readonly Endpoint[],
): Promise<OpenVenue> {
  const { contracts } = file;
  await Promise.all(endpoints.map((each) => requireChain(each, file.chainId)));
  const read = <T>(to: Hex, abi: unknown, functionName: string): Promise<T> =>
    call<T>(endpoints, { to, abi, functionName });
  const house = lower(contracts.clearingHouse);
  const forcedQueue = lower(await read<string>(house, clearingHouseAbi, 'forcedQueue'));
  const places: Places = {
    clearingHouse: house,
    vault: lower(contracts.vault),
    breaker: lower(contracts.breaker),
    parameters: lower(contracts.parameters),
    oracle: lower(contracts.oracle),
    forcedQueue,
    steward: contracts.steward && lower(contracts.steward),
    token: lower(contracts.token),
  };
  const vault = (name: string) => read<bigint>(places.vault, vaultAbi, name);
  const [scale, hourFloorQuote, dayFloorQuote, hourPpm, dayPpm] = await Promise.all(
    ['scale', 'hourFloorQuote', 'dayFloorQuote', 'hourPpm', 'dayPpm'].map(vault),
  );
  const [delay, hold, halt, grace, aside] = await Promise.all([
    read<bigint>(places.parameters, parametersAbi, 'delaySeconds'),
    read<bigint>(places.breaker, breakerAbi, 'holdSecondsMax'),
    read<bigint>(places.breaker, breakerAbi, 'haltSecondsMax'),
    read<bigint>(forcedQueue, forcedQueueAbi, 'graceSeconds'),
    read<bigint>(forcedQueue, forcedQueueAbi, 'asideSeconds'),
  ]);
  return {
    places,
    sources: new Map([...sourcesOf(file, forcedQueue), ...(await votesOf(places, endpoints))]),
    laws: lower(contracts.laws),
    deployBlock: file.deployBlock,
    chainId: file.chainId,
    budgets: { hourFloorQuote, dayFloorQuote, hourPpm, dayPpm } as Venue['budgets'],
    terms: {
      scale: scale as bigint,
      parameterDelaySeconds: Number(delay),
      holdSecondsMax: Math.max(Number(hold), Number(halt)),
      forcedGraceSeconds: Number(grace),
      forcedAsideSeconds: Number(aside),
      steward: places.steward && (await rulesOf(places.steward, read)),
    },
  };
}

/**
 * Where votes are taken, if the governor of the venue is a `VenueAccess` by now. Who governs later
 * is told by rule `role-change`, and read at the next start.
 */
async function votesOf(
  { parameters }: Places,
  endpoints: readonly Endpoint[],
): Promise<[Hex, Source][]> {
  const asked = { abi: parametersAbi, functionName: 'governor' };
  const access = lower(await call<string>(endpoints, { to: parameters, ...asked }));
  const inner = { to: access, abi: venueAccessAbi, functionName: 'governor' };
  // A key has no code and answers with nothing: nobody votes.
  const votes = await call<string>(endpoints, inner).catch(() => undefined);
  if (votes === undefined) return [];
  return [
    [access, 'access'],
    [lower(votes), 'votes'],
  ];
}

async function rulesOf(
  address: Hex,
  read: <T>(to: Hex, abi: unknown, functionName: string) => Promise<T>,
): Promise<StewardRules> {
  const terms = await read<Record<string, bigint | number>>(address, stewardAbi, 'terms');
  const numbers = Object.entries(terms).map(([name, value]) => [name, Number(value)]);
  return { address, ...Object.fromEntries(numbers) } as StewardRules;
}

async function requireChain(endpoint: Endpoint, chainId: number): Promise<void> {
  let found: number;
  try {
    found = Number((await endpoint.call('eth_chainId', [])) as string);
  } catch (error) {
    // One that is silent now may come back; the others decide until then.
    endpoint.blame('failed', error instanceof Error ? error.message : String(error));
    return;
  }
  if (found === chainId) return;
  const text = `endpoint ${endpoint.name} serves chain ${found}, the venue is on ${chainId}`;
  throw new EnvironmentError('ChainWrong', text);
}

function sourcesOf(file: VenueFile, forcedQueue: Hex): ReadonlyMap<Hex, Source> {
  const { clearingHouse, vault, breaker, parameters, steward, oracle, backstop } = file.contracts;
  const all: [Source, string | undefined][] = [
    ['clearingHouse', clearingHouse],
    ['vault', vault],
    ['breaker', breaker],
    ['parameters', parameters],
    ['steward', steward],
    ['oracle', oracle],
    ['forcedQueue', forcedQueue],
    ['backstop', backstop],
    ['committees', file.committee?.registry],
  ];
  const known = all.filter((row): row is [Source, string] => row[1] !== undefined);
  return new Map(known.map(([source, address]) => [lower(address), source]));
}
