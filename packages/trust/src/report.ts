/** The report: powers with holders, delays and losses; smallest sets; bounds; what is wrong. */
import type { ChainReader, Venue } from '@holdfast/host';
import { fromHex, type Hex, keccak256, toHex } from '@holdfast/units';
import type { Address } from 'viem';
import { type Bound, boundsOf } from './bounds.ts';
import { builds, type ContractName, type Entry, entriesOf, moduleBuilds } from './builds.ts';
import { isBuiltFrom, selectorsOf } from './code.ts';
import { type Facts, readFacts } from './facts.ts';
import { heldQuote, lossOf } from './losses.ts';
import { type Delay, isPrivileged, type Power, type Way } from './power.ts';
import { powers } from './powers.ts';
import { type Callers, callOf, type Found, probe } from './probe.ts';
import { governorOf, leadSeconds, type Smallest, smallestSets, votingNow } from './sets.ts';

/** One function that gives its holder something that others do not have. */
export type PowerRow = {
  readonly contract: ContractName;
  readonly signature: string;
  readonly selector: Hex;
  readonly way: Way;
  readonly does: string;
  /** Roles, and whose signature a call carries. */
  readonly roles: readonly string[];
  /** Addresses, or how many of whom. */
  readonly holders: readonly string[];
  /** Seconds before it takes effect. */
  readonly delaySeconds: number;
  /** Seconds after which what it began is dead, or ends by itself; 0: it does not. */
  readonly expirySeconds: number;
  /** Quote units (10^-6) gone within 24 hours of its taking effect, as decimal text. */
  readonly lossDayQuote: string;
  /** Quote units that can move between accounts inside the venue, as decimal text. */
  readonly lossInsideQuote: string;
  readonly why: string;
};

export type ContractRow = {
  readonly name: string;
  readonly address: Address;
  readonly codeHash: Hex;
  /** Whether this build made the code, immutables aside. */
  readonly isBuilt: boolean;
};

export type TrustReport = {
  readonly version: 1;
  readonly chainId: number;
  readonly block: number;
  /** Time of the block, Unix seconds. */
  readonly time: number;
  readonly symbol: string;
  /** What the vault owes, quote units. */
  readonly heldQuote: string;
  readonly contracts: readonly ContractRow[];
  readonly powers: readonly PowerRow[];
  readonly sets: readonly Smallest[];
  /** What a change may widen, by name. */
  readonly bounds: Readonly<Record<string, Bound>>;
  /** What waits for its delay. */
  readonly pending: readonly string[];
  /** What makes the report fail. */
  readonly problems: readonly string[];
  readonly notes: readonly string[];
};

const proposalSeconds = 7 * 86_400;
/** How long what a steward announced may be carried out. */
const noticeWindowSeconds = 86_400;

/** From a proposal to its execution, by votes. */
function votesSeconds({ voting }: Facts): number {
  if (voting === undefined) return 0;
  const { votingDelaySeconds, votingPeriodSeconds, loosenDelaySeconds } = voting;
  return votingDelaySeconds + votingPeriodSeconds + loosenDelaySeconds;
}

const delays: Readonly<Record<Delay, (facts: Facts) => number>> = {
  parameters: (f) => f.parametersDelaySeconds,
  verifier: (f) => f.verifierDelaySeconds,
  clear: (f) => f.breaker.clearDelaySeconds,
  guardian: (f) => f.breaker.guardianDelaySeconds,
  rotation: (f) => f.committees?.rotationDelaySeconds ?? 0,
  replacement: (f) => f.committees?.replacementDelaySeconds ?? 0,
  notice: (f) => f.steward?.terms?.noticeSeconds ?? 0,
  votes: (f) => votesSeconds(f),
  'treasury small': (f) => f.treasury?.smallDelaySeconds ?? 0,
  'treasury large': (f) => f.treasury?.largeDelaySeconds ?? 0,
};

const endings: Readonly<Record<NonNullable<Power['ends']>, (facts: Facts) => number>> = {
  proposal: () => proposalSeconds,
  instruction: () => proposalSeconds,
  halt: (f) => f.breaker.haltSecondsMax,
  tuple: (f) => f.steward?.terms?.holdSeconds ?? 0,
  notice: () => noticeWindowSeconds,
  veto: (f) => f.vault.vetoSeconds,
};

const body = (need: number, of: number, name: string): string => `${need} of ${of} ${name}`;

function committeeHolders(facts: Facts, names: readonly string[]): string[] {
  const found = (facts.committees?.list ?? []).filter(({ name }) => names.includes(name));
  return found.map(({ name, threshold, size, isRevoked }) =>
    isRevoked
      ? `nobody: the key of the ${name} committee is revoked`
      : body(threshold, size, `parties of the ${name} committee`),
  );
}

/** Who can sign for a role that is no caller. */
function signersOf(facts: Facts, signed: NonNullable<Power['signed']>): string[] {
  if (signed === 'owner') return ['the owner of the account'];
  if (signed === 'committee') return committeeHolders(facts, ['treasury', 'oracle', 'bridge']);
  if (signed === 'treasury committee') return committeeHolders(facts, ['treasury']);
  const { verifier } = facts;
  if (verifier.kind !== 'quorum') return committeeHolders(facts, ['oracle']);
  const { quorum, signers } = verifier;
  return [`${body(quorum, signers.length, 'reporters')}: ${signers.join(', ')}`];
}

function holdersOf(facts: Facts, role: string): string[] {
  if (role === 'governor') {
    const { members, need } = governorOf(facts);
    const { address, kind } = facts.governor;
    const who = body(need, members.length, votingNow(facts) ? 'votes' : 'keys');
    return [kind === 'key' ? address : `${address} (${kind}, ${who})`];
  }
  if (role === 'guardian') return [...facts.guardians];
  if (role === 'sequencer') return [facts.sequencer.address];
  if (role === 'successor') return facts.successor.readyAt === 0 ? [] : [facts.successor.address];
  if (role === 'clearingHouse') return [`${facts.places.ClearingHouse} (contract)`];
  if (role === 'operator') return facts.steward?.operator ? [facts.steward.operator] : [];
  if (role === 'Steward' || role === 'VenueAccess' || role === 'VenueGovernor')
    return facts.places[role] === undefined ? [] : [`${facts.places[role]} (contract)`];
  if (role === 'seat') return [...(facts.voting?.seats ?? [])];
  return [];
}

function rowOf(facts: Facts, contract: ContractName, entry: Entry, power: Power): PowerRow {
  const { way, does, who, signed, wait, ends, loss: key = 'none' } = power;
  const loss = lossOf(facts, key);
  const isVoted = who.length === 1 && who[0] === 'governor';
  const lead = isVoted ? leadSeconds(facts, way === 'tighten' ? 'tighten' : 'loosen') : 0;
  return {
    contract,
    signature: entry.signature,
    selector: entry.selector,
    way,
    does,
    roles: signed ? [...who, signed] : [...who],
    holders: [
      ...who.flatMap((role) => holdersOf(facts, role)),
      ...(signed ? signersOf(facts, signed) : []),
    ],
    delaySeconds: (wait ? delays[wait](facts) : 0) + lead,
    expirySeconds: ends ? endings[ends](facts) : 0,
    lossDayQuote: `${loss.dayQuote}`,
    lossInsideQuote: `${loss.insideQuote}`,
    why: loss.why,
  };
}

type Code = { name: string; address: Address; code: Hex };

async function codesOf(reader: ChainReader, facts: Facts): Promise<Code[]> {
  const all = [...Object.entries(facts.places), ...Object.entries(facts.modules)];
  return Promise.all(
    all.map(async ([name, address]) => ({
      name,
      address,
      code: (await reader.getCode({ address })) ?? ('0x' as const),
    })),
  );
}

const allBuilds = { ...builds, ...moduleBuilds };

/** Functions of some code that no list of this build explains. */
async function unknownIn({ name, code }: Code): Promise<string[]> {
  const { abi } = allBuilds[name as keyof typeof allBuilds];
  const known = new Set(entriesOf(abi).map(({ selector }) => selector));
  return (await selectorsOf(code)).filter((selector) => !known.has(selector));
}

async function examine(
  codes: readonly Code[],
): Promise<{ rows: ContractRow[]; problems: string[] }> {
  const problems: string[] = [];
  const rows: ContractRow[] = [];
  for (const each of codes) {
    const { name, address, code } = each;
    const isBuilt = isBuiltFrom(code, allBuilds[name as keyof typeof allBuilds].bytecode);
    rows.push({ name, address, codeHash: toHex(keccak256(fromHex(code))), isBuilt });
    if (isBuilt) continue;
    problems.push(`${name} at ${address} is not the code of this build: nothing is known of it`);
    for (const selector of await unknownIn(each)) {
      problems.push(`${name} answers ${selector}, which no list of powers knows`);
    }
  }
  return { rows, problems };
}

/** Functions that are in the build and that nobody has said the meaning of, or the reverse. */
export function unexplained(): string[] {
  return Object.entries(builds).flatMap(([name, { abi }]) => {
    const told: Readonly<Record<string, Power>> = powers[name as ContractName];
    const active = entriesOf(abi).filter(({ isActive }) => isActive);
    const missing = active.filter(({ signature }) => told[signature] === undefined);
    const gone = Object.keys(told).filter(
      (each) => !active.some(({ signature }) => signature === each),
    );
    return [
      ...missing.map(({ signature }) => `${name}.${signature}: no entry in powers.ts says who may`),
      ...gone.map(
        (signature) => `${name}.${signature}: powers.ts tells of a function that is gone`,
      ),
    ];
  });
}

/** Everybody whom a contract of the venue may know, each by one address. */
export function callersOf(facts: Facts): Callers {
  const { governor, sequencer, successor, guardians, places } = facts;
  return {
    governor: governor.address,
    sequencer: sequencer.address,
    ...(successor.readyAt === 0 ? {} : { successor: successor.address }),
    ...(guardians[0] && { guardian: guardians[0] }),
    ...(facts.steward?.operator && { operator: facts.steward.operator }),
    ...(facts.voting?.seats[0] && { seat: facts.voting.seats[0] }),
    clearingHouse: places.ClearingHouse as Address,
    ...Object.fromEntries(Object.entries(places).filter(([name]) => name !== 'ClearingHouse')),
  };
}

/** What is wrong with the answers of one function; `power` says whom it is for. */
function judge(name: string, found: Found, power: Power, callers: Callers): string[] {
  const address = (role: string) => callers[role]?.toLowerCase();
  // One key may hold two roles: what it may in one of them is not news in the other.
  const isTold = (role: string): boolean =>
    power.way === 'own' || power.who.some((told) => address(told) === address(role));
  const strange = found.callers.filter((role) => !isTold(role));
  return [
    ...strange.map((role) => `${name} lets ${role} in, which powers.ts does not say`),
    ...(found.strangers.includes('ok') ? [`${name} lets a stranger in`] : []),
  ];
}

/** Asks the chain itself: no stranger may be let in, and nobody whom the list does not name. */
async function askEverybody(reader: ChainReader, facts: Facts): Promise<string[]> {
  const callers = callersOf(facts);
  const places = Object.entries(facts.places) as [ContractName, Address][];
  const all = places.flatMap(([name, at]) =>
    entriesOf(builds[name].abi).map(async (entry) => {
      const power = powers[name][entry.signature];
      if (power === undefined || power.who.length === 0) return [];
      const found = await probe(reader, at, callers, [callOf(entry, 'live')]);
      return judge(`${name}.${entry.signature}`, found, power, callers);
    }),
  );
  return (await Promise.all(all)).flat();
}

/** What waits, with the moment from which anybody may put it in force. */
function pendingOf(facts: Facts): string[] {
  const list: [string, number][] = [
    [`governor ${facts.successor.address}`, facts.successor.readyAt],
    ['parameters of the venue', facts.pendingVenueAt],
    [`steward ${facts.pendingSteward.address}`, facts.pendingSteward.readyAt],
    [`verifier ${facts.pendingVerifier.address}`, facts.pendingVerifier.readyAt],
    ...facts.markets.map(
      ({ symbol, pendingAt }) => [`parameters of ${symbol}`, pendingAt] as [string, number],
    ),
    ...facts.pendingGuardians.map(
      ({ address, readyAt }) => [`guardian ${address}`, readyAt] as [string, number],
    ),
    ...(facts.committees?.list ?? []).flatMap(
      ({ name, rotationAt, replacementAt }): [string, number][] => [
        [`next key of the ${name} committee`, rotationAt],
        [`another key of the ${name} committee`, replacementAt],
      ],
    ),
  ];
  return list
    .filter(([, at]) => at !== 0)
    .map(([what, at]) => {
      const left = at - facts.time;
      return `${what}: ${left > 0 ? `in ${left} s` : 'may be applied now'} (from ${at})`;
    });
}

function notesOf(facts: Facts): string[] {
  const { vault, forced, governor } = facts;
  const held = heldQuote(facts);
  const days = vault.dayBudget === 0n ? 0n : (held + vault.dayBudget - 1n) / vault.dayBudget;
  const exit = forced.deadlineSeconds + forced.graceSeconds;
  const shortest =
    leadSeconds(facts, 'loosen') +
    Math.min(facts.parametersDelaySeconds, facts.verifierDelaySeconds);
  const notes = [
    `one account can leave without the operator in ${exit} s; what loosens waits ${shortest} s`,
    `all accounts together need ${days} days by the vault’s windows`,
  ];
  if (BigInt(shortest) < days * 86_400n) {
    notes.push('what loosens waits for less time than all accounts together need to leave');
  }
  const { quorum, level, withdrawalsLevel, barredUntil } = facts.breaker;
  notes.push(`a quorum of guardians is ${quorum} of ${facts.guardians.length}`);
  if (level !== 0) notes.push(`the breaker is at level ${level}`);
  if (withdrawalsLevel !== 0) {
    notes.push(`withdrawals are at level ${withdrawalsLevel}: the forced queue is open`);
  }
  if (barredUntil > facts.time) {
    notes.push(`accounts are kept from growing, the last until ${barredUntil}`);
  }
  if (votingNow(facts))
    notes.push('more than half of the guardians drop what was voted, before it is done');
  if (governor.kind === 'key') {
    notes.push('the governor is one key: nobody but itself can stop what it proposes');
  }
  return notes;
}

function problemsOf(facts: Facts): string[] {
  const problems: string[] = [];
  const { guardians, guardiansCount, verifier, forced } = facts;
  if (guardians.length !== guardiansCount) {
    problems.push(
      `the breaker counts ${guardiansCount} guardians, its logs show ${guardians.length}`,
    );
  }
  if (verifier.kind === 'unknown') {
    problems.push(
      `whose word a price is cannot be told: ${facts.verifierAddress} is no verifier of ours`,
    );
  }
  if (facts.steward !== undefined && facts.steward.terms === undefined) {
    problems.push(
      `how far parameters are moved cannot be told: ${facts.steward.address} is no steward of ours`,
    );
  }
  const exit = forced.deadlineSeconds + forced.graceSeconds;
  const shortest = Math.min(facts.parametersDelaySeconds, facts.verifierDelaySeconds);
  if (shortest < exit)
    problems.push(`what loosens waits ${shortest} s, less than an exit of ${exit} s`);
  return problems;
}

/**
 * Reads the whole of a venue's trust from its chain.
 *
 * @throws EnvironmentError when the chain does not answer
 */
export async function readTrust(reader: ChainReader, venue: Venue): Promise<TrustReport> {
  const facts = await readFacts(reader, venue);
  const { rows, problems } = await examine(await codesOf(reader, facts));
  const places = Object.entries(facts.places) as [ContractName, Address][];
  const all = places.flatMap(([name]) =>
    entriesOf(builds[name].abi).flatMap((entry) => {
      const power = powers[name][entry.signature];
      return power && isPrivileged(power) ? [rowOf(facts, name, entry, power)] : [];
    }),
  );
  return {
    version: 1,
    chainId: facts.chainId,
    block: facts.block,
    time: facts.time,
    symbol: venue.token.symbol,
    heldQuote: `${heldQuote(facts)}`,
    contracts: rows,
    powers: all,
    sets: smallestSets(facts),
    bounds: boundsOf(facts, rows),
    pending: pendingOf(facts),
    problems: [
      ...problems,
      ...unexplained(),
      ...problemsOf(facts),
      ...(await askEverybody(reader, facts)),
    ],
    notes: notesOf(facts),
  };
}
