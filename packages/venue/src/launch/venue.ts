import { mkdirSync } from 'node:fs';
import {
  type ChainReader,
  type ClockSettings,
  chainAccess,
  createChainReader,
  createChainWriter,
  createFaucet,
  ensurePrivateDir,
  findFreePort,
  narrowKeyFiles,
  saveVenue,
  type Venue,
  venuePaths,
} from '@holdfast/host';
import { committeeIds } from '@holdfast/party';
import { EnvironmentError, invariant } from '@holdfast/units';
import { deployVenue, foretell } from '../deploy.ts';
import { demoMarkets, timesAt } from '../markets.ts';
import { sayAlive, seedBackstop, seedTreasury, treasuryWait } from '../seed.ts';
import { demoStewardTerms, demoToken } from '../terms.ts';
import { type FoundedCommittees, foundCommittees, treasuryOf, writePolicies } from './committee.ts';
import { putUnderVotes as seat } from './council.ts';
import {
  fundKeys,
  openKeys,
  reporterCount,
  reporterQuorum,
  treasuryCount,
  treasuryQuorum,
  type VenueKeys,
} from './keys.ts';
import { awaitLeftovers, createPidBook, lockVenue } from './lock.ts';
import { defaultOptions, silenceOf, type VenueOptions } from './options.ts';
import { clearVenue, type LaunchPlan, planLaunch, requireReachable, saveKept } from './plan.ts';
import {
  choosePort,
  isLed,
  type Launch,
  type Note,
  startProcesses,
  stopServices,
} from './processes.ts';
import { createService, type Service } from './service.ts';
import * as specs from './services.ts';
import { readStatus, type VenueStatus } from './status.ts';

const chainId = 31_337;
/** What the demonstration puts behind its markets, token units. */
const demoBackstop = 1_000_000n * 10n ** 6n;
/** What the demonstration gives its treasury, and lets it pay, token units. */
const demoTreasury = {
  small: 500n * 10n ** 6n,
  day: 20_000n * 10n ** 6n,
  held: 100_000n * 10n ** 6n,
};
/** Limits of a treasury wait a day: a venue with one is deployed a day before it opens. */
const leadSeconds = 86_400;
const loopback = '127.0.0.1';

export interface RunningVenue {
  readonly dir: string;
  readonly venue: Venue;
  readonly reader: ChainReader;
  readonly plan: LaunchPlan;
  /** Processes in the order of their start. */
  readonly services: readonly Service[];
  status(): Promise<VenueStatus>;
  /** Stops everything in order; later calls wait for the first. */
  stop(): Promise<void>;
}

/** Whether this start puts the venue under votes, whose delay is another day. */
const isVoted = ({ plan, options }: Launch): boolean =>
  plan.venue === undefined && options.governance;

async function startChain(launch: Launch, rpcPort: number): Promise<ClockSettings> {
  const { options, plan } = launch;
  const info = await launch.start(
    specs.chainSpec(options.dir, {
      dir: venuePaths(options.dir).chain,
      port: rpcPort,
      chainId,
      blockMs: options.blockMs,
      speed: options.speed,
      epochMin: plan.epochMin - leadSeconds * (Number(isLed(launch)) + Number(isVoted(launch))),
      dumpMs: 15_000,
    }),
  );
  const clock = info.clock as ClockSettings;
  requireReachable(plan, options, clock.venueEpoch);
  return clock;
}

async function deploy(launch: Launch, rpcUrl: string, founded?: FoundedCommittees) {
  const { options, plan, keys } = launch;
  const access = { rpcUrl, chainId, blockMs: options.blockMs };
  const times = timesAt(options.speed);
  const markets = demoMarkets(plan.symbols, options.speed).map((market, id) => ({ ...market, id }));
  const addresses = keys.reporters.map((account) => account.address);
  const reporters = { k: reporterQuorum, n: addresses.length, addresses };
  const writer = createChainWriter(access, keys.deployer);
  const deployment = await deployVenue(createChainReader(access), writer, {
    markets,
    reporters,
    committee: founded && { registry: founded.registry, ...founded.oracle },
    treasury: founded?.treasury,
    sequencer: keys.sequencer.address,
    governor: keys.governor.address,
    guardians: [keys.guardian, ...keys.sentinels].map(({ address }) => address),
    breaker: { silenceSeconds: silenceOf(options) },
    quietSeconds: times.quietSeconds,
    reportSkewSecondsMax: times.priceAgeSecondsMax,
    steward: { operator: keys.steward.address, terms: demoStewardTerms(options.speed) },
  });
  const reader = createChainReader(access);
  const { contracts, treasury } = deployment;
  const governor = createChainWriter(access, keys.governor);
  const [account] = await Promise.all([
    treasury && seedTreasury(reader, governor, contracts, treasury, demoTreasury),
    seedBackstop(reader, writer, contracts, demoBackstop),
  ]);
  const { symbol, decimals } = demoToken;
  const { quietSeconds, roundSeconds } = times;
  return {
    contracts,
    deployBlock: deployment.deployBlock,
    ...(founded && treasury ? { treasury: treasuryOf(founded, treasury, account) } : {}),
    markets,
    reporters,
    token: { symbol, decimals },
    quietSeconds,
    roundSeconds,
  };
}

/** The committees make their keys; from then on their parties wait for the venue. */
async function found(launch: Launch, rpcUrl: string): Promise<FoundedCommittees> {
  const { options, plan, keys, start } = launch;
  const access = { rpcUrl, chainId, blockMs: options.blockMs };
  const registry = await foretell(createChainReader(access), keys.deployer.address);
  return foundCommittees({ dir: options.dir, kept: plan.kept, chainId, registry, start });
}

/** What the venue file says of its committees; the port of their relay is that of this run. */
async function committeesOf(
  known: Venue | undefined,
  founded: FoundedCommittees | undefined,
): Promise<Pick<Venue, 'committee' | 'treasury'>> {
  if (founded === undefined) {
    if (known?.committee === undefined) return {};
    const relay = { host: loopback, port: await findFreePort() };
    const treasury = known.treasury && { treasury: { ...known.treasury, relay } };
    return { committee: { ...known.committee, relay }, ...treasury };
  }
  const { registry, oracle, relay } = founded;
  const { threshold, roster } = oracle.candidate;
  const { key } = oracle;
  return { committee: { registry, id: committeeIds.oracle, threshold, key, roster, relay } };
}

/** Lets time pass on the chain at once. */
async function advance(launch: Launch, seconds: number): Promise<ClockSettings> {
  const chain = launch.services.find(({ name }) => name === 'chain');
  invariant(chain !== undefined, 'the chain was started');
  const { clock } = await chain.ask({ type: 'advance', seconds }, 'advanced');
  return clock as ClockSettings;
}

/** Lets the rest of the day pass that a treasury's limits wait, if a start before broke off. */
async function passRest(launch: Launch, rpcUrl: string): Promise<ClockSettings | undefined> {
  const { options, plan } = launch;
  const { treasury, contracts } = plan.venue ?? {};
  if (treasury === undefined || contracts === undefined) return undefined;
  const reader = createChainReader({ rpcUrl, chainId, blockMs: options.blockMs });
  const seconds = await treasuryWait(reader, contracts, treasury.address);
  return seconds === 0 ? undefined : advance(launch, seconds);
}

async function requireContracts(venue: Venue): Promise<void> {
  const reader = createChainReader(chainAccess(venue));
  const code = await reader.getCode({ address: venue.contracts.clearingHouse });
  if (code !== undefined && code !== '0x') return;
  const message = 'the chain has lost the contracts of this venue; start with --fresh';
  throw new EnvironmentError('ContractsMissing', message, { retry: false });
}

/** Chain, contracts and venue.json; the ports and the clock in it are those of this run. */
async function prepareVenue(launch: Launch): Promise<Venue> {
  const { options, plan, keys, step } = launch;
  const rpcPort = await choosePort(options.rpcPort, '--rpc-port');
  const port = await choosePort(options.port, '--port');
  const relay = { host: loopback, port: await findFreePort() };
  const clock = await step('chain', () => startChain(launch, rpcPort));
  const rpcUrl = `http://${loopback}:${rpcPort}`;
  const access = { rpcUrl, chainId, blockMs: options.blockMs };
  const faucet = createFaucet(access, keys.deployer.address);
  await fundKeys(faucet, keys);
  const known = plan.venue;
  const oracle = `oracle committee, ${reporterQuorum} of ${reporterCount}`;
  const title = `${oracle}, treasury, ${treasuryQuorum} of ${treasuryCount}`;
  const founded = isLed(launch) ? await step(title, () => found(launch, rpcUrl)) : undefined;
  const deployed = known ?? (await step('contracts', () => deploy(launch, rpcUrl, founded)));
  const committees = await committeesOf(known, founded);
  // Limits wait a day from their proposal: it passes before anybody trades.
  const passed = founded ? await advance(launch, leadSeconds) : await passRest(launch, rpcUrl);
  if (passed && silenceOf(options) > 0) await sayAlive(access, keys.guardian, deployed);
  const venue: Venue = {
    ...deployed,
    ...committees,
    version: 1,
    chainId,
    rpcUrl,
    clock: passed ?? clock,
    gateway: { host: loopback, port },
    relay,
    sequencer: keys.sequencer.address,
    node: keys.node.address,
    blockMs: options.blockMs,
  };
  await requireContracts(venue);
  const day = async (): Promise<ClockSettings> => {
    const moved = await advance(launch, leadSeconds);
    if (silenceOf(options) > 0) await sayAlive(access, keys.guardian, deployed);
    return moved;
  };
  const vote = () => seat(options.dir, keys, faucet, venue, day);
  if (isVoted(launch)) venue.clock = await step('council', vote);
  if (founded !== undefined) await writePolicies(options.dir);
  // What later starts go by comes first: without the venue's file it says nothing.
  await saveKept(options.dir, plan.kept);
  await saveVenue(options.dir, venue);
  return venue;
}

function createLaunch(
  options: VenueOptions,
  plan: LaunchPlan,
  keys: VenueKeys,
  note: Note,
  pid: (name: string, pid: number, alive: boolean) => void,
  ended: () => boolean,
): Launch {
  const services: Service[] = [];
  return {
    options,
    plan,
    keys,
    note,
    services,
    start: async (spec) => {
      if (ended()) {
        throw new EnvironmentError('Stopped', 'stopped while starting', { retry: true });
      }
      const service = createService(spec, { note, pid });
      services.push(service);
      return service.start();
    },
    step: async (name, body) => {
      const began = Date.now();
      const result = await body();
      note(`${name} ready (${((Date.now() - began) / 1000).toFixed(1)} s)`);
      return result;
    },
  };
}

/**
 * Starts a whole venue on this machine: chain, contracts, reporters, relay, node, keeper, traders,
 * each its own process. What was started is stopped again when a step fails.
 *
 * @param given options; the rest is as in `defaultOptions`
 * @param signal ends a start that is under way
 * @throws EnvironmentError with what to do about it
 */
export async function startVenue(
  given: Partial<VenueOptions>,
  note: Note = () => undefined,
  signal?: AbortSignal,
): Promise<RunningVenue> {
  const options: VenueOptions = { ...defaultOptions, ...given };
  const { dir } = options;
  mkdirSync(dir, { recursive: true });
  const unlock = lockVenue(dir);
  const book = createPidBook(dir);
  let launch: Launch | undefined;
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      await stopServices(launch?.services ?? [], note);
      await book.clear();
      unlock();
    })();
    return stopped;
  };
  signal?.addEventListener('abort', () => void stop(), { once: true });
  try {
    await awaitLeftovers(dir, note);
    if (options.fresh) clearVenue(dir);
    const plan = planLaunch(options, Math.floor(Date.now() / 1000));
    const paths = venuePaths(dir);
    ensurePrivateDir(paths.keys);
    ensurePrivateDir(paths.logs);
    narrowKeyFiles(paths.keys);
    const keys = await openKeys(dir, options);
    launch = createLaunch(options, plan, keys, note, book.set, () => stopped !== undefined);
    const venue = await prepareVenue(launch);
    await startProcesses(launch, venue);
    const { services } = launch;
    const reader = createChainReader(chainAccess(venue));
    const status = () => readStatus(venue, reader, services);
    return { dir, venue, reader, plan, services, status, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
