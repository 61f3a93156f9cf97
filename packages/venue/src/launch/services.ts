import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gatewayKey, type Venue, venuePaths } from '@holdfast/host';
import {
  reporterCount,
  reporterKey,
  sentinelFolder,
  sentinelName,
  traderKey,
  treasuryCount,
  treasuryKey,
} from './keys.ts';
import type { VenueOptions } from './options.ts';
import type { KeptOptions } from './plan.ts';
import type { ServiceSpec } from './service.ts';

const require = createRequire(import.meta.url);

/** Path of a package's process entry. */
function entryOf(name: string): string {
  return join(dirname(require.resolve(`@holdfast/${name}`)), 'main.ts');
}

function specOf(
  dir: string,
  name: string,
  packageName: string,
  args: readonly string[],
  more: Partial<ServiceSpec> = {},
): ServiceSpec {
  const logFile = join(venuePaths(dir).logs, `${name}.log`);
  const all = [...args, '--venue', dir];
  return { name, entry: entryOf(packageName), args: all, logFile, ...more };
}

/** The chain process; it is told everything, since venue.json may not exist yet. */
export function chainSpec(dir: string, settings: object): ServiceSpec {
  return {
    name: 'chain',
    entry: join(dirname(require.resolve('@holdfast/venue')), 'chain', 'main.ts'),
    args: [JSON.stringify(settings)],
    logFile: join(venuePaths(dir).logs, 'chain.log'),
    stopMsMax: 90_000,
  };
}

/** Where the parties of a committee meet. */
export interface Parties {
  port: number;
}

/** The relay; without a venue it passes on messages of the parties until there is one. */
export function relaySpec(
  dir: string,
  venue: Venue | undefined,
  parties: Parties | undefined,
): ServiceSpec {
  const args = parties === undefined ? ['relay'] : ['relay', '--parties-port', `${parties.port}`];
  const more = venue === undefined ? {} : { healthUrl: relayHealth(venue) };
  return specOf(dir, 'relay', 'reporter', args, more);
}

export const relayHealth = ({ relay }: Venue): string =>
  `http://${relay.host}:${relay.port}/health`;

export function reporterSpecs(
  dir: string,
  kept: KeptOptions,
  parties: Parties | undefined,
): ServiceSpec[] {
  const replay = kept.replay === undefined ? [] : ['--replay', kept.replay];
  if (kept.perps !== undefined) replay.push('--perps', kept.perps);
  return Array.from({ length: reporterCount }, (_, i) => {
    const key = reporterKey(i + 1);
    const source = ['--source', kept.source, '--seed', kept.seed, ...replay];
    const folder = ['--party', join(venuePaths(dir).parties, key)];
    const relay = ['--parties-relay', `ws://127.0.0.1:${parties?.port}`];
    const own = parties === undefined ? [] : [...folder, ...relay];
    return specOf(dir, key, 'reporter', ['reporter', '--key', key, ...source, ...own]);
  });
}

/** Signers of the treasury; without a venue they make their key and wait for it. */
export function treasurySpecs(dir: string, parties: Parties): ServiceSpec[] {
  const relay = ['--parties-relay', `ws://127.0.0.1:${parties.port}`];
  return Array.from({ length: treasuryCount }, (_, i) => {
    const key = treasuryKey(i + 1);
    const folder = ['--party', join(venuePaths(dir).parties, key)];
    return specOf(dir, key, 'treasury', [...folder, ...relay]);
  });
}

/** @param hubPort where it takes gateways, if there are any */
export function nodeSpec(dir: string, venue: Venue, gateways = 0, hubPort = 0): ServiceSpec {
  const healthUrl = `http://${venue.gateway.host}:${venue.gateway.port}/health`;
  const names = Array.from({ length: gateways }, (_, i) => ['--gateway', `${i + 1}`]);
  const args = gateways === 0 ? [] : ['--gateways', `127.0.0.1:${hubPort}`, ...names.flat()];
  return specOf(dir, 'node', 'node', args, { healthUrl, readyMsMax: 300_000, stopMsMax: 45_000 });
}

/** @param ports where clients come, of each */
export function gatewaySpecs(
  dir: string,
  hubPort: number,
  ports: readonly number[],
): ServiceSpec[] {
  const entry = join(dirname(require.resolve('@holdfast/node')), 'edge', 'main.ts');
  return ports.map((port, i) => {
    const where = ['--node', `127.0.0.1:${hubPort}`, '--listen', `127.0.0.1:${port}`];
    const name = `${i + 1}`;
    return specOf(dir, gatewayKey(name), 'node', ['--name', name, ...where], { entry });
  });
}

export function keeperSpec(dir: string): ServiceSpec {
  return specOf(dir, 'keeper', 'keeper', [], { readyMsMax: 120_000 });
}

/**
 * The steward of a demonstration: a bar a minute, or one for each two reports where time is
 * compressed, and a look as often.
 */
export function stewardSpec(dir: string, speed: number): ServiceSpec {
  const bar = Math.min(3_600, Math.max(60, Math.ceil((4 * speed) / 60) * 60));
  const every = Math.max(5, Math.round(bar / speed));
  const args = ['--bar-seconds', String(bar), '--every', String(every)];
  return specOf(dir, 'steward', 'steward', args, { readyMsMax: 120_000 });
}

/** Distance of the first sentinel's port from the node's: gateways come before. */
const firstSentinelPort = 20;

/** @param nodePort the node's; 0: each serves its panel at any free port */
export function sentinelSpecs(dir: string, count: number, nodePort: number): ServiceSpec[] {
  return Array.from({ length: count }, (_, i) => {
    const name = sentinelName(i + 1);
    const port = nodePort === 0 ? 0 : nodePort + firstSentinelPort + i;
    const own = ['--name', name, '--folder', sentinelFolder(dir, i + 1), '--port', `${port}`];
    return specOf(dir, name, 'sentinel', own, { readyMsMax: 300_000 });
  });
}

/** Trader processes share the accounts and the order rate evenly; the first has the whale. */
export function traderSpecs(dir: string, options: VenueOptions, seed: string): ServiceSpec[] {
  const { traders, accounts, ordersPerSecond } = options;
  return Array.from({ length: traders }, (_, i) => {
    const share = Math.floor(accounts / traders) + (i < accounts % traders ? 1 : 0);
    const key = traderKey(i + 1);
    const args = ['--key', key, '--accounts', String(share), '--seed', `${seed}/${key}`];
    args.push('--orders', String(ordersPerSecond / traders));
    if (i === 0) args.push('--whale');
    return specOf(dir, key, 'trader', args, { readyMsMax: 300_000 });
  });
}
