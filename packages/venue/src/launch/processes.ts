/** The processes of a venue: how each is started, together, and how they end, in order. */
import {
  chainAccess,
  createChainReader,
  createChainWriter,
  errorMessage,
  findFreePort,
  requireFreePort,
  type Venue,
} from '@holdfast/host';
import { openTreasury } from '../seed.ts';
import type { VenueKeys } from './keys.ts';
import type { VenueOptions } from './options.ts';
import type { LaunchPlan } from './plan.ts';
import { pollHealth, type Service, type ServiceSpec } from './service.ts';
import * as specs from './services.ts';

/** Lines for a person: what is done, what happened. */
export type Note = (line: string) => void;

/** One start of a venue. */
export interface Launch {
  options: VenueOptions;
  plan: LaunchPlan;
  note: Note;
  keys: VenueKeys;
  services: Service[];
  /** Starts a process and keeps it. */
  start(spec: ServiceSpec): Promise<Record<string, unknown>>;
  /** Runs a step and tells how long it took. */
  step<T>(name: string, body: () => Promise<T>): Promise<T>;
}

/** The port, or any free one for 0. */
export async function choosePort(port: number, option: string): Promise<number> {
  if (port === 0) return findFreePort();
  await requireFreePort(port, option);
  return port;
}

/** Whether this start founds committees, whose delay is another day. */
export const isLed = ({ plan, options }: Launch): boolean =>
  plan.venue === undefined && options.reports === 'committee';

/** Those that founded the committee run already, and go on when they see the venue. */
async function startReporters(launch: Launch, venue: Venue): Promise<void> {
  const { options, plan, services, start } = launch;
  const parties = venue.committee?.relay;
  if (services.some(({ name }) => name === 'relay')) {
    await pollHealth(specs.relayHealth(venue), () => false);
    return;
  }
  const relay = specs.relaySpec(options.dir, venue, parties);
  const reporters = specs.reporterSpecs(options.dir, plan.kept, parties);
  await Promise.all([relay, ...reporters].map(start));
}

/** As the reporters; what is proposed of a new treasury comes into force meanwhile. */
async function startTreasury(launch: Launch, venue: Venue): Promise<void> {
  const { options, keys, start } = launch;
  const { address, relay } = venue.treasury as NonNullable<Venue['treasury']>;
  const access = chainAccess(venue);
  const governor = createChainWriter(access, keys.governor);
  // Founders run already. That a start before was to open it, and broke off, is made good here.
  const signers = isLed(launch) ? [] : specs.treasurySpecs(options.dir, relay);
  await Promise.all([
    openTreasury(createChainReader(access), governor, venue.contracts, address),
    ...signers.map(start),
  ]);
}

/** Clients find them at the ports after the node's own, or at any free ones. */
async function startGateways(launch: Launch, venue: Venue, hubPort: number): Promise<void> {
  const { options, start, note } = launch;
  const port = (i: number) =>
    options.port === 0 ? findFreePort() : choosePort(venue.gateway.port + i + 1, '--port');
  const ports: number[] = [];
  for (let i = 0; i < options.gateways; i++) ports.push(await port(i));
  const started = specs.gatewaySpecs(options.dir, hubPort, ports).map(start);
  for (const { url } of await Promise.all(started)) note(`gateway at ${url}`);
}

/** The venue runs without it: what it would move stays at the anchor, or goes back there. */
async function startSteward({ options, start, step, note }: Launch): Promise<void> {
  const spec = specs.stewardSpec(options.dir, options.speed);
  await step('steward', () => start(spec)).catch((error) => {
    note(`the steward did not start, the venue does without: ${errorMessage(error)}`);
  });
}

/** Together: each waits by itself for what it needs, and a start is mostly loading code. */
export async function startProcesses(launch: Launch, venue: Venue): Promise<void> {
  const { options, plan, start, step } = launch;
  const { dir, gateways } = options;
  const hubPort = gateways === 0 ? 0 : await findFreePort();
  const all = (list: readonly ServiceSpec[]) => Promise.all(list.map(start));
  const steps: Promise<unknown>[] = [
    step('node', () => start(specs.nodeSpec(dir, venue, gateways, hubPort))),
    step('price relay and reporters', () => startReporters(launch, venue)),
    step('keeper', () => start(specs.keeperSpec(dir))),
  ];
  if (venue.contracts.steward !== undefined) steps.push(startSteward(launch));
  if (options.sentinels > 0) {
    const sentinels = specs.sentinelSpecs(dir, options.sentinels, options.port);
    steps.push(step('sentinels', () => all(sentinels)));
  }
  if (gateways > 0) steps.push(step('gateways', () => startGateways(launch, venue, hubPort)));
  if (venue.treasury !== undefined) {
    steps.push(step('treasury', () => startTreasury(launch, venue)));
  }
  if (options.traders > 0) {
    const traders = specs.traderSpecs(dir, options, plan.kept.seed);
    steps.push(step(`traders (${options.accounts} accounts)`, () => all(traders)));
  }
  await Promise.all(steps);
}

/** Traders first, then reporters, keeper and node, the chain last: none loses what it needs. */
export async function stopServices(services: readonly Service[], note: Note): Promise<void> {
  const rank = (name: string): number => {
    if (name.startsWith('trader')) return 0;
    if (name.startsWith('reporter') || name === 'relay') return 1;
    return { keeper: 2, node: 3, chain: 4 }[name] ?? 1;
  };
  for (const turn of [0, 1, 2, 3, 4]) {
    const group = services.filter((service) => rank(service.name) === turn);
    if (group.length === 0) continue;
    note(`stopping ${group.map((service) => service.name).join(', ')}`);
    await Promise.all(group.map((service) => service.stop()));
  }
}
