import {
  backstopAbi,
  backstopBytecode,
  breakerAbi,
  breakerBytecode,
  clearingHouseAbi,
  clearingHouseBytecode,
  committeesAbi,
  committeesBytecode,
  committeeVerifierAbi,
  committeeVerifierBytecode,
  custodyModuleAbi,
  custodyModuleBytecode,
  exitModuleAbi,
  exitModuleBytecode,
  forcedModuleAbi,
  forcedModuleBytecode,
  forcedQueueAbi,
  forcedQueueBytecode,
  lawsAbi,
  lawsBytecode,
  liquidationModuleAbi,
  liquidationModuleBytecode,
  oracleAbi,
  oracleBytecode,
  parametersAbi,
  parametersBytecode,
  quorumVerifierAbi,
  quorumVerifierBytecode,
  rosterModuleAbi,
  rosterModuleBytecode,
  stewardAbi,
  stewardBytecode,
  testTokenAbi,
  testTokenBytecode,
  treasuryAbi,
  treasuryBytecode,
  triggerModuleAbi,
  triggerModuleBytecode,
  vaultAbi,
  vaultBytecode,
  waterfallModuleAbi,
  waterfallModuleBytecode,
} from '@holdfast/abi';
import type { ChainReader, ChainWriter, Venue, VenueMarket } from '@holdfast/host';
import { type Candidate, committeeIds, type GroupSignature } from '@holdfast/party';
import type { StewardTerms } from '@holdfast/risk';
import { EnvironmentError, invariant } from '@holdfast/units';
import {
  type Abi,
  type Address,
  BaseError,
  encodeDeployData,
  getContractAddress,
  type Hex,
  zeroAddress,
} from 'viem';
import {
  type BreakerLimits,
  demoBreaker,
  demoForced,
  demoProfitHaircutPpm,
  demoRules,
  demoToken,
  demoWindows,
  type ForcedTerms,
  type VaultRules,
  type VaultWindows,
} from './terms.ts';

export interface DeployOptions {
  markets: readonly VenueMarket[];
  reporters: { k: number; addresses: readonly Address[] };
  /** The committee that signs reports, and where it expects its registry: {@link foretell}. */
  committee?: (CommitteeKey & { registry: Address }) | undefined;
  /** The committee of the treasury; only beside that of the oracle, in the same registry. */
  treasury?: CommitteeKey | undefined;
  sequencer: Address;
  governor: Address;
  guardians: readonly Address[];
  /** Limits of the breaker where they are not the usual ones. */
  breaker?: Partial<BreakerLimits> | undefined;
  /** Age of the last report after which anyone may push one, seconds. */
  quietSeconds: number;
  /** Largest distance of a report's time from the block's, seconds. */
  reportSkewSecondsMax: number;
  token?: { name: string; symbol: string; decimals: number } | undefined;
  /** Use this collateral instead of deploying a test token. */
  tokenAddress?: Address | undefined;
  windows?: VaultWindows | undefined;
  /** Terms of the queue of forced requests; nothing changes them later. */
  forced?: ForcedTerms | undefined;
  rules?: VaultRules | undefined;
  /** Part of an account's profit that cannot leave while it has positions. */
  profitHaircutPpm?: number | undefined;
  /** Delay of everything that loosens, seconds. */
  delaySeconds?: number | undefined;
  /** Seconds between the request and the payment of a withdrawal from the backstop. */
  coolDownSeconds?: number | undefined;
  /** Who moves margins and caps beside governance, and what it may do; none unless given. */
  steward?: { operator: Address; terms: StewardTerms } | undefined;
  /** Gas given to each creation. */
  gas?: bigint | undefined;
}

/** A committee's first key, which has shown that it lives. */
export interface CommitteeKey {
  candidate: Candidate;
  life: GroupSignature;
}

const daySeconds = 86_400;
/** A committee hands over in a day; governance, which replaces it, waits longer. */
const rotationSeconds = BigInt(daySeconds);
const replacementSeconds = 7n * rotationSeconds;
/** Delays of the treasury, the shortest that it takes. */
const treasurySeconds = [3_600n, BigInt(daySeconds)] as const;

export interface Deployment {
  contracts: Venue['contracts'];
  /** Where the treasury is, if there is one. */
  treasury?: Address | undefined;
  deployBlock: number;
}

/** Modules of the clearing house, in the order of their creation. */
const modules = {
  rosterModule: { abi: rosterModuleAbi, bytecode: rosterModuleBytecode },
  custodyModule: { abi: custodyModuleAbi, bytecode: custodyModuleBytecode },
  liquidationModule: { abi: liquidationModuleAbi, bytecode: liquidationModuleBytecode },
  waterfallModule: { abi: waterfallModuleAbi, bytecode: waterfallModuleBytecode },
  triggerModule: { abi: triggerModuleAbi, bytecode: triggerModuleBytecode },
  forcedModule: { abi: forcedModuleAbi, bytecode: forcedModuleBytecode },
  exitModule: { abi: exitModuleAbi, bytecode: exitModuleBytecode },
} as const;

type ModuleName = keyof typeof modules;
type Name = keyof Venue['contracts'] | ModuleName | 'forcedQueue' | 'committees' | 'treasury';

interface Creation {
  name: Name;
  abi: Abi;
  bytecode: Hex;
  args: readonly unknown[];
}

type Addresses = Record<Name, Address>;

const moduleNames = Object.keys(modules) as ModuleName[];

/** The creations in order; each may name the addresses of those that come later. */
function creations(options: DeployOptions, at: Addresses): Creation[] {
  const delay = BigInt(options.delaySeconds ?? daySeconds);
  const token = options.token ?? demoToken;
  const venue = {
    sequencer: options.sequencer,
    quietSeconds: options.quietSeconds,
    reportSkewSecondsMax: options.reportSkewSecondsMax,
    profitHaircutPpm: options.profitHaircutPpm ?? demoProfitHaircutPpm,
  };
  const limits = { ...demoBreaker, guardianDelaySeconds: Number(delay), ...options.breaker };
  const config = {
    vault: at.vault,
    oracle: at.oracle,
    breaker: at.breaker,
    parameters: at.parameters,
    forcedQueue: at.forcedQueue,
  };
  const terms = options.forced ?? demoForced;
  const { deadlineSeconds, graceSeconds, feeWei } = terms;
  const moduleAddresses = moduleNames.map((name) => at[name]);
  const make = (name: Creation['name'], abi: Abi, bytecode: Hex, ...args: unknown[]): Creation => ({
    name,
    abi,
    bytecode,
    args,
  });
  return [
    ...registry(options, at),
    make('token', testTokenAbi, testTokenBytecode, token.name, token.symbol, token.decimals),
    verifier(options, at),
    make('parameters', parametersAbi, parametersBytecode, ...parametersArgs(options, at, venue)),
    make('breaker', breakerAbi, breakerBytecode, at.parameters, options.guardians, limits),
    make('oracle', oracleAbi, oracleBytecode, at.clearingHouse, at.parameters, at.verifier, delay),
    make('vault', vaultAbi, vaultBytecode, ...vaultArgs(options, at)),
    make(
      'forcedQueue',
      forcedQueueAbi,
      forcedQueueBytecode,
      at.clearingHouse,
      deadlineSeconds,
      graceSeconds,
      feeWei,
    ),
    ...moduleNames.map((name) => {
      const own = { waterfallModule: at.backstop, custodyModule: at.treasury };
      const more = name in own ? [own[name as keyof typeof own]] : [];
      return make(name, modules[name].abi, modules[name].bytecode, config, ...more);
    }),
    make('clearingHouse', clearingHouseAbi, clearingHouseBytecode, config, moduleAddresses),
    make('backstop', backstopAbi, backstopBytecode, ...backstopArgs(options, at)),
    make('laws', lawsAbi, lawsBytecode),
    ...treasury(options, at),
    ...steward(options, at),
  ];
}

/** The parameters name it from the start; later another one waits for governance's delay. */
function steward({ steward: given }: DeployOptions, at: Addresses): Creation[] {
  if (given === undefined) return [];
  const args = [at.parameters, given.operator, given.terms];
  return [{ name: 'steward', abi: stewardAbi as Abi, bytecode: stewardBytecode, args }];
}

function treasury(options: DeployOptions, at: Addresses): Creation[] {
  if (options.treasury === undefined) return [];
  invariant(options.committee !== undefined, 'a treasury needs a registry of committees');
  const args = [at.committees, at.parameters, at.breaker, ...treasurySeconds];
  return [{ name: 'treasury', abi: treasuryAbi as Abi, bytecode: treasuryBytecode, args }];
}

/** First of all, so that its address can be foretold before anything else is known. */
function registry({ committee, treasury }: DeployOptions, at: Addresses): Creation[] {
  if (committee === undefined) return [];
  const { candidate, life } = committee;
  const foundings: (CommitteeKey & { id: number })[] = [];
  foundings.push({ id: committeeIds.oracle, candidate, life });
  if (treasury !== undefined) foundings.push({ id: committeeIds.treasury, ...treasury });
  const delays = [rotationSeconds, replacementSeconds];
  const args = [at.parameters, at.breaker, ...delays, foundings];
  return [{ name: 'committees', abi: committeesAbi, bytecode: committeesBytecode, args }];
}

/** Whose word a report is: the committee's, or that of k reporters one by one. */
function verifier({ committee, reporters }: DeployOptions, at: Addresses): Creation {
  const name = 'verifier';
  if (committee !== undefined) {
    const args = [at.committees, committeeIds.oracle];
    return { name, abi: committeeVerifierAbi, bytecode: committeeVerifierBytecode, args };
  }
  const { k, addresses } = reporters;
  const signers = [...addresses].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const args = [BigInt(k), signers];
  return { name, abi: quorumVerifierAbi, bytecode: quorumVerifierBytecode, args };
}

function vaultArgs(options: DeployOptions, at: Addresses): unknown[] {
  const windows = options.windows ?? demoWindows;
  return [at.token, at.clearingHouse, at.breaker, windows, options.rules ?? demoRules];
}

function backstopArgs(options: DeployOptions, at: Addresses): unknown[] {
  const coolDown = BigInt(options.coolDownSeconds ?? daySeconds);
  return [at.clearingHouse, at.vault, at.oracle, at.parameters, coolDown];
}

function parametersArgs(options: DeployOptions, at: Addresses, venue: object): unknown[] {
  const delay = BigInt(options.delaySeconds ?? daySeconds);
  const markets = [...options.markets].sort((a, b) => a.id - b.id);
  markets.forEach(({ id, symbol }, index) => {
    invariant(id === index, `market ids must count from 0, ${symbol} is ${id}`);
  });
  const params = markets.map(({ id, symbol, tickSize, lotSize, ...rest }) => ({
    ...rest,
    tickValue: BigInt(rest.tickValue),
    openInterestMax: BigInt(rest.openInterestMax),
    backstopLotsMax: BigInt(rest.backstopLotsMax),
  }));
  const steward = options.steward === undefined ? zeroAddress : at.steward;
  return [options.governor, delay, venue, params, steward];
}

/** Addresses before deployment: creation i of this account goes to a known place. */
function predict(options: DeployOptions, from: Address, nonce: number): Addresses {
  const blank = `0x${'0'.repeat(40)}` as const;
  const at: Addresses = {
    rosterModule: blank,
    custodyModule: blank,
    liquidationModule: blank,
    waterfallModule: blank,
    backstop: blank,
    triggerModule: blank,
    forcedModule: blank,
    exitModule: blank,
    forcedQueue: blank,
    committees: blank,
    treasury: blank,
    steward: blank,
    clearingHouse: blank,
    vault: blank,
    oracle: blank,
    verifier: blank,
    breaker: blank,
    parameters: blank,
    laws: blank,
    token: blank,
  };
  const skip = options.tokenAddress !== undefined;
  let next = nonce;
  for (const { name } of creations(options, at)) {
    if (name === 'token' && skip) continue;
    at[name] = getContractAddress({ from, nonce: BigInt(next) });
    next += 1;
  }
  if (options.tokenAddress !== undefined) at.token = options.tokenAddress;
  return at;
}

/** Where the registry of committees will be, if this account sends nothing else before. */
export async function foretell(reader: ChainReader, from: Address): Promise<Address> {
  const nonce = await reader.getTransactionCount({ address: from, blockTag: 'pending' });
  return getContractAddress({ from, nonce: BigInt(nonce) });
}

/** Asks the chain why a creation fails. */
async function whyNot(reader: ChainReader, account: Address, data: Hex): Promise<string> {
  try {
    await reader.call({ account, data });
    return 'it would succeed now; was the gas limit too low?';
  } catch (error) {
    return error instanceof BaseError ? error.details || error.shortMessage : String(error);
  }
}

/**
 * Deploys a venue: all creations are sent at once with addresses known beforehand, because vault,
 * oracle and clearing house name each other and none of them can be told later.
 *
 * Assumes that nothing else sends from the deployer meanwhile.
 *
 * @throws EnvironmentError DeployFailed naming the contract
 */
export async function deployVenue(
  reader: ChainReader,
  writer: ChainWriter,
  options: DeployOptions,
): Promise<Deployment> {
  const from = writer.account.address;
  const nonce = await reader.getTransactionCount({ address: from, blockTag: 'pending' });
  const at = predict(options, from, nonce);
  const expected = options.committee?.registry ?? at.committees;
  if (expected.toLowerCase() !== at.committees.toLowerCase()) {
    const message = `the committee expects its registry at ${expected}, not ${at.committees}`;
    throw new EnvironmentError('DeployFailed', message, { retry: false });
  }
  const deployBlock = Number(await reader.getBlockNumber());
  const wanted = creations(options, at).filter(
    ({ name }) => name !== 'token' || options.tokenAddress === undefined,
  );
  const sent: { name: Name; hash: Hex; data: Hex }[] = [];
  for (const [index, { name, abi, bytecode, args }] of wanted.entries()) {
    const data = encodeDeployData({ abi, bytecode, args });
    const gas = options.gas ?? 8_000_000n;
    // A fixed gas limit: estimating would fail, since the contracts named are not there yet.
    const hash = await writer.sendTransaction({ data, gas, nonce: nonce + index });
    sent.push({ name, hash, data });
  }
  for (const { name, hash, data } of sent) {
    const receipt = await reader.waitForTransactionReceipt({ hash, timeout: 120_000 });
    const placed = receipt.contractAddress?.toLowerCase() === at[name].toLowerCase();
    if (receipt.status !== 'success' || !placed) {
      const reason = await whyNot(reader, from, data);
      const message = `deploying ${name} failed (transaction ${hash}): ${reason}`;
      throw new EnvironmentError('DeployFailed', message, { retry: false });
    }
  }
  // The modules answer at the address of the clearing house; nobody needs their own.
  const {
    rosterModule,
    custodyModule,
    liquidationModule,
    waterfallModule,
    triggerModule,
    forcedModule,
    exitModule,
    // The clearing house says where its queue is.
    forcedQueue,
    committees,
    treasury,
    steward,
    ...rest
  } = at;
  const more = options.treasury === undefined ? {} : { treasury };
  const contracts = options.steward === undefined ? rest : { ...rest, steward };
  return { contracts, deployBlock, ...more };
}
