/** A chain with a registry of committees and nothing that runs on it, and the commands for it. */
import {
  createChainReader,
  createChainWriter,
  createFaucet,
  createLifecycle,
  findFreePort,
  saveVenue,
  silentLogger,
  type Venue,
  venuePaths,
} from '@holdfast/host';
import { candidateOf, committeeIds, groupSignature, type Offer } from '@holdfast/party';
import { demoMarkets, deployVenue, foretell, startChain } from '@holdfast/venue';
import { runWith } from '../../../packages/cli/src/index.ts';
import { terminal } from '../../../packages/cli/test/terminal.ts';
import { fundKeys, openKeys } from '../../../packages/venue/src/launch/keys.ts';

export type Answer = { readonly exit: number; readonly out: string; readonly err: string };

/** Runs a command of holdfast in a folder. */
export async function holdfast(cwd: string, ...words: string[]): Promise<Answer> {
  const { io, seen } = terminal(cwd);
  const exit = await runWith(words, io);
  return { exit, ...seen };
}

export type Site = {
  readonly dir: string;
  readonly rpcUrl: string;
  /** Where the registry is, or will be. */
  readonly registry: `0x${string}`;
  /** Deploys a venue with the oracle's first key, and writes its file. */
  deploy(offer: Offer): Promise<Venue>;
  end(): Promise<void>;
};

const chainId = 31_337;

/** A fast chain, a day of which is so many wall seconds, in `dir`. */
export async function openSite(dir: string, daySeconds: number): Promise<Site> {
  const lifecycle = createLifecycle();
  const blockMs = 100;
  const chain = await startChain({
    dir: venuePaths(dir).chain,
    port: await findFreePort(),
    chainId,
    blockMs,
    speed: 86_400 / daySeconds,
    epochMin: 1_760_000_000,
    dumpMs: 60_000,
    logger: silentLogger(),
    lifecycle,
  });
  const { rpcUrl } = chain;
  const access = { rpcUrl, chainId, blockMs };
  const keys = await openKeys(dir, { traders: 0, gateways: 0, sentinels: 0 });
  await fundKeys(createFaucet(access, keys.deployer.address), keys);
  const reader = createChainReader(access);
  const registry = await foretell(reader, keys.deployer.address);

  async function deploy({ life, signature }: Offer): Promise<Venue> {
    const { groupKey, roster } = life;
    const candidate = candidateOf(groupKey, roster);
    const markets = demoMarkets(['BTC-USD'], 1).map((market, id) => ({ ...market, id }));
    const addresses = keys.reporters.map((account) => account.address);
    const reporters = { k: 3, n: addresses.length, addresses };
    const { contracts, deployBlock } = await deployVenue(
      reader,
      createChainWriter(access, keys.deployer),
      {
        markets,
        reporters,
        committee: { registry, candidate, life: groupSignature(signature) },
        sequencer: keys.sequencer.address,
        governor: keys.governor.address,
        guardians: [keys.guardian.address],
        quietSeconds: 15,
        reportSkewSecondsMax: 60,
      },
    );
    const place = { host: '127.0.0.1', port: 1 };
    const { threshold, roster: hash } = candidate;
    const known = { registry, id: committeeIds.oracle, threshold, key: groupKey, roster: hash };
    const venue: Venue = {
      contracts,
      deployBlock,
      version: 1,
      chainId,
      rpcUrl,
      token: { symbol: 'tUSD', decimals: 6 },
      markets,
      clock: chain.clock.settings,
      gateway: place,
      relay: place,
      reporters,
      committee: { ...known, relay: place },
      sequencer: keys.sequencer.address,
      node: keys.node.address,
      blockMs,
    };
    await saveVenue(dir, venue);
    return venue;
  }

  return { dir, rpcUrl, registry, deploy, end: () => lifecycle.shutdown('test') };
}
