/** What the chain says about who holds which role, and about every window, cap and delay. */
import {
  breakerAbi,
  clearingHouseAbi,
  committeeVerifierAbi,
  forcedQueueAbi,
  oracleAbi,
  parametersAbi,
  quorumVerifierAbi,
  vaultAbi,
} from '@holdfast/abi';
import type { ChainReader, Venue } from '@holdfast/host';
import { type Address, parseAbi } from 'viem';
import { type Ask, asker, refused } from './ask.ts';
import { type ContractName, entriesOf, moduleBuilds } from './builds.ts';
import { registryOf, treasuryOf } from './desks.ts';
import { type StewardFacts, stewardOf, tightestMaintenance } from './steward.ts';
import { votingOf } from './voting.ts';

/** Who holds a role: an address, and what is behind it. */
export type Holder = {
  readonly address: Address;
  readonly kind: 'key' | 'multisig' | 'contract';
  /** Of a multisig: owners, and how many of them must agree. */
  readonly owners?: readonly Address[];
  readonly threshold?: number;
};

/** A market as governance set it: what a steward tightened lies between that and its band. */
export type MarketFacts = {
  readonly id: number;
  readonly symbol: string;
  /** Index price and mark price, ticks. */
  readonly price: bigint;
  readonly mark: bigint;
  /** Sum of the longs, lots. */
  readonly openInterest: bigint;
  readonly openInterestMax: bigint;
  readonly tickValue: bigint;
  readonly bandPpm: bigint;
  readonly fillBandPpm: bigint;
  readonly markClampPpm: bigint;
  readonly initialPpm: bigint;
  readonly maintenancePpm: bigint;
  /** As far as a steward can raise it; without one the same, ppm. */
  readonly maintenanceMaxPpm: bigint;
  readonly backstopLotsMax: bigint;
  readonly isolated: boolean;
  /** From when a pending change may be applied; 0: none waits. */
  readonly pendingAt: number;
};

export type Facts = Awaited<ReturnType<typeof readFacts>>;

const multisigAbi = parseAbi([
  'function getOwners() view returns (address[])',
  'function getThreshold() view returns (uint256)',
]);

/** What is behind an address: a key, a multisig in the way of Safe, or another contract. */
async function holderOf(reader: ChainReader, ask: Ask, address: Address): Promise<Holder> {
  const code = await reader.getCode({ address });
  if (code === undefined || code === '0x') return { address, kind: 'key' };
  const [owners, threshold] = await Promise.all([
    ask<Address[]>(address, multisigAbi, 'getOwners').catch(refused),
    ask<bigint>(address, multisigAbi, 'getThreshold').catch(refused),
  ]);
  if (owners === undefined || threshold === undefined) return { address, kind: 'contract' };
  return { address, kind: 'multisig', owners, threshold: Number(threshold) };
}

type Logs = { readonly args: { readonly guardian?: Address } }[];

/** Guardians in force, and proposed ones with their time, from logs and then from storage. */
async function guardiansOf(reader: ChainReader, ask: Ask, venue: Venue) {
  const { breaker } = venue.contracts;
  const from = { address: breaker, abi: breakerAbi, fromBlock: BigInt(venue.deployBlock) } as const;
  const logsOf = (eventName: 'GuardianAdded' | 'GuardianProposed') =>
    reader.getContractEvents({ ...from, eventName }) as Promise<Logs>;
  const [added, proposed] = await Promise.all([
    logsOf('GuardianAdded'),
    logsOf('GuardianProposed'),
  ]);
  const all = (logs: Logs) => [...new Set(logs.map(({ args }) => args.guardian as Address))];
  const [guardians, pending] = await Promise.all([
    Promise.all(
      all(added).map(async (each) =>
        (await ask<boolean>(breaker, breakerAbi, 'isGuardian', each)) ? each : null,
      ),
    ),
    Promise.all(
      all(proposed).map(async (address) => ({
        address,
        readyAt: Number(await ask<number>(breaker, breakerAbi, 'guardianReadyAt', address)),
      })),
    ),
  ]);
  return {
    guardians: guardians.filter((each): each is Address => each !== null).sort(),
    pendingGuardians: pending.filter(({ readyAt }) => readyAt !== 0),
    guardiansCount: Number(await ask<bigint>(breaker, breakerAbi, 'guardiansCount')),
  };
}

type Tuple = Readonly<Record<string, number | bigint>>;

async function marketOf(
  ask: Ask,
  venue: Venue,
  id: number,
  steward?: StewardFacts,
): Promise<MarketFacts> {
  const { parameters, oracle, clearingHouse } = venue.contracts;
  const [params, quote, state, pending] = await Promise.all([
    ask<Tuple>(parameters, parametersAbi, 'anchor', id),
    ask<[number, number, number]>(oracle, oracleAbi, 'quote', id),
    ask<[bigint, number, bigint]>(clearingHouse, clearingHouseAbi, 'market', id),
    ask<[Tuple, number]>(parameters, parametersAbi, 'pendingMarket', id),
  ]);
  const of = (name: string): bigint => BigInt(params[name] ?? 0);
  const maintenancePpm = of('maintenancePpm');
  const raised = steward && (await tightestMaintenance(ask, steward, id));
  return {
    id,
    symbol: venue.markets.find((market) => market.id === id)?.symbol ?? `market ${id}`,
    price: BigInt(quote[0]),
    mark: BigInt(quote[1]),
    openInterest: BigInt(state[2]),
    openInterestMax: of('openInterestMax'),
    tickValue: of('tickValue'),
    bandPpm: of('bandPpm'),
    fillBandPpm: of('fillBandPpm'),
    markClampPpm: of('markClampPpm'),
    initialPpm: of('initialPpm'),
    maintenancePpm,
    maintenanceMaxPpm: raised ?? maintenancePpm,
    backstopLotsMax: of('backstopLotsMax'),
    isolated: of('isolated') === 1n,
    pendingAt: Number(pending[1]),
  };
}

async function vaultOf(ask: Ask, vault: Address) {
  const read = (name: string) => ask<bigint>(vault, vaultAbi, name);
  const names = [
    'scale',
    'liabilities',
    'queued',
    'trailingLow',
    'hourFloorQuote',
    'dayFloorQuote',
  ];
  const more = [
    'hourPpm',
    'dayPpm',
    'largePpm',
    'delaySeconds',
    'vetoSeconds',
    'reservePpm',
    'smallFloorQuote',
  ];
  const values = await Promise.all([...names, ...more].map(read));
  const of = Object.fromEntries([...names, ...more].map((name, i) => [name, values[i] ?? 0n]));
  const [hourOpen, dayOpen] = await ask<[bigint, bigint]>(vault, vaultAbi, 'available');
  const scale = of.scale ?? 1n;
  const low = (of.trailingLow ?? 0n) / scale;
  const budget = (floor = 0n, ppm = 0n): bigint => {
    const share = (low * ppm) / 1_000_000n;
    return share > floor ? share : floor;
  };
  return {
    scale,
    liabilities: (of.liabilities ?? 0n) / scale,
    queued: (of.queued ?? 0n) / scale,
    hourBudget: budget(of.hourFloorQuote, of.hourPpm),
    dayBudget: budget(of.dayFloorQuote, of.dayPpm),
    hourOpen: hourOpen / scale,
    dayOpen: dayOpen / scale,
    hourPpm: of.hourPpm ?? 0n,
    dayPpm: of.dayPpm ?? 0n,
    hourFloorQuote: of.hourFloorQuote ?? 0n,
    dayFloorQuote: of.dayFloorQuote ?? 0n,
    /** Part of the hour's budget from which a withdrawal is large, ppm. */
    largePpm: of.largePpm ?? 0n,
    /** Up to this a withdrawal stays direct while one guardian tightens withdrawals. */
    smallFloorQuote: of.smallFloorQuote ?? 0n,
    delaySeconds: Number(of.delaySeconds),
    vetoSeconds: Number(of.vetoSeconds),
  };
}

/** Whose word a price is. */
export type VerifierFacts =
  | { readonly kind: 'quorum'; readonly quorum: number; readonly signers: readonly Address[] }
  | { readonly kind: 'committee'; readonly registry: Address; readonly id: number }
  | { readonly kind: 'unknown' };

async function verifierOf(ask: Ask, address: Address): Promise<VerifierFacts> {
  const [quorum, signers, id, registry] = await Promise.all([
    ask<bigint>(address, quorumVerifierAbi, 'quorum').catch(refused),
    ask<Address[]>(address, quorumVerifierAbi, 'signers').catch(refused),
    ask<number>(address, committeeVerifierAbi, 'committee').catch(refused),
    ask<Address>(address, committeeVerifierAbi, 'committees').catch(refused),
  ]);
  if (quorum !== undefined && signers) return { kind: 'quorum', quorum: Number(quorum), signers };
  if (id !== undefined && registry) return { kind: 'committee', id: Number(id), registry };
  return { kind: 'unknown' };
}

async function breakerOf(ask: Ask, breaker: Address) {
  const read = async (name: string) => Number(await ask<bigint>(breaker, breakerAbi, name));
  const levelOf = async (scope: number) =>
    Number(await ask<number>(breaker, breakerAbi, 'level', scope));
  const withdrawals = await read('WITHDRAWALS');
  const barred = await ask<readonly number[]>(breaker, breakerAbi, 'entry', await read('ACCOUNTS'));
  return {
    holdSecondsMax: await read('holdSecondsMax'),
    haltSecondsMax: await read('haltSecondsMax'),
    clearDelaySeconds: await read('clearDelaySeconds'),
    guardianDelaySeconds: await read('guardianDelaySeconds'),
    tighteningsMax: await read('TIGHTENINGS_MAX'),
    /** Votes that a quorum of guardians has now, and the fewest that it ever has. */
    quorum: await read('quorum'),
    quorumMin: await read('quorumMin'),
    /** Silence of all guardians after which anyone stops growth; 0: never. */
    silenceSeconds: await read('silenceSeconds'),
    level: await levelOf(0),
    withdrawalsLevel: await levelOf(withdrawals),
    /** Until when any account is kept from growing, Unix. */
    barredUntil: Number(barred[0]),
  };
}

async function forcedOf(ask: Ask, address: Address) {
  const read = async (name: string) => Number(await ask<bigint>(address, forcedQueueAbi, name));
  return {
    address,
    deadlineSeconds: await read('deadlineSeconds'),
    graceSeconds: await read('graceSeconds'),
  };
}

type Seat = readonly [Address, number];

/** Parameters and oracle: roles, delays and what waits. */
async function governedOf(reader: ChainReader, ask: Ask, venue: Venue) {
  const { parameters, oracle } = venue.contracts;
  const of = <T>(name: string) => ask<T>(parameters, parametersAbi, name);
  const [governor, delay, params, pendingVenue, successor] = await Promise.all([
    of<Address>('governor'),
    of<bigint>('delaySeconds'),
    of<{ sequencer: Address; quietSeconds: number; profitHaircutPpm: number }>('venue'),
    of<[unknown, number]>('pendingVenue'),
    of<Seat>('pendingGovernor'),
  ]);
  const [verifier, verifierDelay, pendingVerifier, [, lastReport]] = await Promise.all([
    ask<Address>(oracle, oracleAbi, 'verifier'),
    ask<bigint>(oracle, oracleAbi, 'delaySeconds'),
    ask<Seat>(oracle, oracleAbi, 'pendingVerifier'),
    ask<[number, number]>(oracle, oracleAbi, 'last'),
  ]);
  return {
    governor: await holderOf(reader, ask, governor),
    successor: { address: successor[0], readyAt: Number(successor[1]) },
    parametersDelaySeconds: Number(delay),
    sequencer: await holderOf(reader, ask, params.sequencer),
    quietSeconds: params.quietSeconds,
    profitHaircutPpm: params.profitHaircutPpm,
    pendingVenueAt: Number(pendingVenue[1]),
    verifierAddress: verifier,
    verifier: await verifierOf(ask, verifier),
    verifierDelaySeconds: Number(verifierDelay),
    pendingVerifier: { address: pendingVerifier[0], readyAt: Number(pendingVerifier[1]) },
    lastReportTime: Number(lastReport),
  };
}

/** Modules of the clearing house by name of the operation's selector. */
async function modulesOf(
  ask: Ask,
  clearingHouse: Address,
): Promise<Readonly<Record<string, Address>>> {
  const all = Object.entries(moduleBuilds).map(async ([name, { abi }]) => {
    for (const { selector } of entriesOf(abi)) {
      const at = await ask<Address>(clearingHouse, clearingHouseAbi, 'moduleOf', selector);
      if (BigInt(at) !== 0n) return [name, at] as const;
    }
    return undefined;
  });
  return Object.fromEntries((await Promise.all(all)).filter((each) => each !== undefined));
}

/** Everything that the report is computed from, as of one block. */
export async function readFacts(reader: ChainReader, venue: Venue) {
  const block = await reader.getBlock();
  const ask = asker(reader, block.number);
  const { contracts, treasury } = venue;
  const { clearingHouse, vault, breaker, token, laws, ...others } = contracts;
  const queue = await ask<Address>(clearingHouse, clearingHouseAbi, 'forcedQueue');
  const governed = await governedOf(reader, ask, venue);
  const { verifier } = governed;
  const { steward, pendingSteward } = await stewardOf(ask, contracts.parameters);
  const registry =
    (verifier.kind === 'committee' ? verifier.registry : undefined) ??
    treasury?.registry ??
    venue.committee?.registry;
  const next = governed.successor;
  const from = BigInt(venue.deployBlock);
  const voting =
    (await votingOf(reader, ask, governed.governor.address, block.timestamp, from)) ??
    (next.readyAt === 0
      ? undefined
      : await votingOf(reader, ask, next.address, block.timestamp, from));
  const vaultFacts = await vaultOf(ask, vault);
  const count = Number(await ask<number>(contracts.parameters, parametersAbi, 'marketsCount'));
  const ids = Array.from({ length: count }, (_, id) => id);
  const verifierName = verifier.kind === 'committee' ? 'CommitteeVerifier' : 'QuorumVerifier';
  const places: Partial<Record<ContractName, Address>> = {
    Breaker: breaker,
    ClearingHouse: clearingHouse,
    ForcedQueue: queue,
    Oracle: others.oracle,
    Parameters: others.parameters,
    Vault: vault,
    [verifierName]: governed.verifierAddress,
    ...(others.backstop && { Backstop: others.backstop }),
    ...(registry && { Committees: registry }),
    ...(steward && { Steward: steward.address }),
    ...(treasury && { Treasury: treasury.address }),
    ...(voting && { VenueAccess: voting.access, VenueGovernor: voting.governor }),
    ...(voting?.isCouncil && { Council: voting.votes }),
  };
  return {
    chainId: await reader.getChainId(),
    block: Number(block.number),
    time: Number(block.timestamp),
    places,
    modules: await modulesOf(ask, clearingHouse),
    token,
    ...governed,
    ...(await guardiansOf(reader, ask, venue)),
    breaker: await breakerOf(ask, breaker),
    vault: vaultFacts,
    forced: await forcedOf(ask, queue),
    markets: await Promise.all(ids.map((id) => marketOf(ask, venue, id, steward))),
    /** Whoever may move parameters between the anchor and its band; undefined: nobody. */
    steward,
    pendingSteward,
    /** Votes, where they govern or are about to. */
    voting,
    committees: registry && (await registryOf(ask, registry)),
    treasury: treasury && (await treasuryOf(ask, treasury.address, token, vaultFacts.scale)),
  };
}
