/** A treasury on a bare chain: real contracts, three signers in this process, the command line. */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearingHouseAbi, testTokenAbi, treasuryAbi } from '@holdfast/abi';
import { runWith } from '@holdfast/cli';
import {
  type ChainReader,
  createChainReader,
  createChainWriter,
  findFreePort,
  loadOrCreateKey,
  saveVenue,
  scryptForRandom,
  silentLogger,
  type Venue,
  venuePaths,
} from '@holdfast/host';
import {
  candidateOf,
  committeeIds,
  foundCommittee,
  foundParty,
  groupSignature,
  invite,
  openParty,
  partyPaths,
  serveRelay,
  statementDigest,
} from '@holdfast/party';
import type { Generation, Roster } from '@holdfast/quorum';
import { signWithdrawal } from '@holdfast/sdk';
import { policyPath, runSigner, type Signer } from '@holdfast/treasury';
import {
  feeAccount,
  fromHex,
  type Hex,
  invariant,
  isRejection,
  keccak256,
  toHex,
  utf8,
} from '@holdfast/units';
import {
  demoMarkets,
  deployVenue,
  foretell,
  openTreasury,
  seedTreasury,
  treasuryWait,
} from '@holdfast/venue';
import { type Abi, type Address, parseEventLogs } from 'viem';
import { terminal } from '../../../packages/cli/test/terminal.ts';
import { spawnBareAnvil } from '../../../tools/anvil.ts';
import { secretOf, signGroup } from '../../../tools/group-signer.ts';
import { until } from './until.ts';

const chainId = 31_337;
export const names = ['ann', 'bob', 'cid'] as const;
export type Name = (typeof names)[number];
export const units = 10n ** 6n;

/** What the signers sign by themselves, unless a test says otherwise. */
export const policy = {
  version: 1,
  tokens: { tUSD: { automatic: { instructionMax: '100', dayMax: '150' } } },
  calls: [{ target: 'clearingHouse', function: 'withdraw', args: { to: ['treasury'] } }],
};

export type Ran = { readonly exit: number; readonly out: string; readonly err: string };

/** anvil that mines each transaction, and what tests ask of it. */
async function startChain(port: number): Promise<{ child: ChildProcess; reader: ChainReader }> {
  const args = ['--accounts', '0', '--hardfork', 'prague', '--quiet', '--gas-limit', '100000000'];
  const more = ['--chain-id', `${chainId}`, '--port', `${port}`];
  const child = spawnBareAnvil([...args, ...more]);
  const reader = createChainReader({ rpcUrl: `http://127.0.0.1:${port}`, chainId, blockMs: 100 });
  await until('the chain answers', 20_000, () => reader.getChainId().catch(() => undefined));
  return { child, reader };
}

/** An oracle's committee of one hand: the registry wants one, and nothing here asks it. */
function oracleCommittee(registry: Address) {
  const key = secretOf(keccak256(utf8('oracle of the treasury test')));
  const hex32 = (digit: number): Hex => `0x${`${digit}`.repeat(64)}`;
  const parties = [1, 2, 3].map((i) => ({ name: `p${i}`, key: hex32(i), seal: hex32(i + 3) }));
  const contract = registry.toLowerCase() as Hex;
  const roster: Roster = { name: 'oracle', chainId, contract, threshold: 2, parties };
  const groupKey = toHex(key.compressed);
  const digest = statementDigest({ kind: 'life', generation: 1, groupKey, roster });
  invariant(!isRejection(digest), 'the registry keeps an oracle');
  const { rx, ry, z } = signGroup(key, fromHex(digest));
  return { registry, candidate: candidateOf(groupKey, roster), life: { rx, ry, z } };
}

/** Folders of three parties of the treasury's committee, named by what their names begin with. */
async function foundSigners(dir: string, relay: string, registry: Address, prefix = '') {
  const invitations = invite({
    name: 'treasury',
    chainId,
    contract: registry.toLowerCase() as Hex,
    threshold: 2,
    parties: names,
    relay,
  });
  if (isRejection(invitations)) throw new Error(invitations.message);
  for (const invitation of invitations) {
    const home = join(dir, `${prefix}${invitation.you}`);
    mkdirSync(home);
    await foundParty(home, invitation, 'secret', scryptForRandom);
    writeFileSync(partyPaths(home).passphrase, 'secret', { mode: 0o600 });
    writeFileSync(policyPath(home), JSON.stringify(policy));
  }
}

export type TreasuryRig = Awaited<ReturnType<typeof createTreasuryRig>>;

export async function createTreasuryRig() {
  const dir = mkdtempSync(join(tmpdir(), 'ht-'));
  const port = await findFreePort();
  const { child, reader } = await startChain(port);
  const rpcUrl = `http://127.0.0.1:${port}`;
  const access = { rpcUrl, chainId, blockMs: 100 };
  const raw = (method: string, params: readonly unknown[]) =>
    reader.request({ method, params } as never) as Promise<unknown>;
  const { keys: keysDir } = venuePaths(dir);
  const key = async (name: string) => {
    const account = await loadOrCreateKey(keysDir, name);
    await raw('anvil_setBalance', [account.address, '0xffffffffffffffffff']);
    return account;
  };
  const [deployer, governor, guardian, keeper] = [
    await key('deployer'),
    await key('governor'),
    await key('guardian'),
    await key('keeper'),
  ];
  const relay = await serveRelay({ host: '127.0.0.1', port: 0, logger: silentLogger() });
  const registry = await foretell(reader, deployer.address);
  await foundSigners(dir, `ws://127.0.0.1:${relay.port}`, registry);

  const signers = new Map<string, Signer>();
  const homeOf = (name: string): string => join(dir, name);
  async function start(name: string, holdersMin?: number): Promise<Signer> {
    const home = homeOf(name);
    const vault = await openParty(home, 'secret');
    // Three in one process, on a machine that may be busy; the dead are given up after a second.
    const patience = { answerMs: 1_500, requestMs: 20_000 };
    const more = { logger: silentLogger(), trustRoster: true, holdersMin, patience };
    const signer = await runSigner({ dir: home, vault, ...more });
    signers.set(name, signer);
    return signer;
  }
  const found = (prefix: string) =>
    Promise.all(
      names.map(async (each) => {
        const name = `${prefix}${each}`;
        const { party } = await start(name, 3);
        const how = { dir: homeOf(name), id: committeeIds.treasury, progress: () => undefined };
        return { party, told: await foundCommittee(party, how) };
      }),
    );
  const [first] = await found('');
  const generation = first?.party.committee().records.active as Generation;
  const groupKey = generation.certificate.groupKey;
  const markets = demoMarkets(['BTC-USD'], 1).map((market, id) => ({ ...market, id }));
  const addresses = [deployer.address];
  const { contracts, treasury, deployBlock } = await deployVenue(
    reader,
    createChainWriter(access, deployer),
    {
      markets,
      reporters: { k: 1, addresses },
      committee: oracleCommittee(registry),
      treasury: {
        candidate: candidateOf(groupKey, generation.roster),
        life: groupSignature(first?.told.life as Hex),
      },
      sequencer: deployer.address,
      governor: governor.address,
      guardians: [guardian.address],
      quietSeconds: 3_600,
      reportSkewSecondsMax: 120,
    },
  );
  if (treasury === undefined) throw new Error('no treasury was deployed');
  const writer = createChainWriter(access, governor);
  const seed = { small: 500n * units, day: 20_000n * units, held: 100_000n * units };
  const account = await seedTreasury(reader, writer, contracts, treasury, seed);

  const { certificate } = generation;
  const venue: Venue = {
    version: 1,
    chainId,
    rpcUrl,
    contracts,
    deployBlock,
    token: { symbol: 'tUSD', decimals: 6 },
    markets,
    clock: { wallEpochMs: 0, venueEpoch: 0, speed: 1 },
    gateway: { host: '127.0.0.1', port: 1 },
    relay: { host: '127.0.0.1', port: 1 },
    reporters: { k: 1, n: 1, addresses },
    treasury: {
      address: treasury,
      registry,
      id: committeeIds.treasury,
      threshold: 2,
      key: groupKey,
      roster: certificate.roster,
      relay: { host: '127.0.0.1', port: relay.port },
      account,
    },
    sequencer: deployer.address,
    node: deployer.address,
    blockMs: 100,
  };

  /** Tells everybody the chain's time, or so many seconds more. */
  async function tellTime(aheadSeconds = 0): Promise<void> {
    await raw('evm_mine', []);
    const head = Number((await reader.getBlock()).timestamp);
    venue.clock = { wallEpochMs: Date.now(), venueEpoch: head + aheadSeconds, speed: 1 };
    await saveVenue(dir, venue);
    for (const signer of signers.values()) signer.open(venue);
  }
  async function pass(seconds: number): Promise<void> {
    await raw('evm_increaseTime', [seconds]);
    await tellTime();
  }
  /** How far a start has come that opens the treasury: what waits, and what it has sent. */
  const opening = async () => ({
    wait: await treasuryWait(reader, contracts, treasury),
    sent: await reader.getTransactionCount({ address: governor.address }),
  });
  const open = () => openTreasury(reader, writer, contracts, treasury);
  const openings = [await opening()];
  await pass(86_400);
  // A start that is killed after the first of its two transactions, the one that makes it good, and
  // one more.
  const args = [contracts.token];
  const half = { address: treasury, abi: treasuryAbi, functionName: 'applyLimit', args };
  await reader.waitForTransactionReceipt({ hash: await writer.writeContract(half as never) });
  openings.push(await opening());
  await open();
  openings.push(await opening());
  await open();
  openings.push(await opening());

  async function holdfast(...words: string[]): Promise<Ran> {
    const { io, seen } = terminal(dir, { home: dir, columns: 100 });
    const exit = await runWith(words, io);
    return { exit, ...seen };
  }
  const run = (...words: string[]) => holdfast('treasury', ...words, '--venue', dir);

  const from = createChainWriter(access, keeper);
  async function send(address: Address, abi: Abi, functionName: string, args: unknown[]) {
    const hash = await from.writeContract({ address, abi, functionName, args } as never);
    const receipt = await reader.waitForTransactionReceipt({ hash });
    if (receipt.status !== 'success') throw new Error(`${functionName} failed`);
    return receipt;
  }
  async function depositInto(id: number, whole: bigint): Promise<void> {
    const { token, vault, clearingHouse } = contracts;
    await send(token, testTokenAbi, 'mint', [keeper.address, whole * units]);
    await send(token, testTokenAbi, 'approve', [vault, whole * units]);
    await send(clearingHouse, clearingHouseAbi, 'deposit', [token, id, whole * units]);
  }

  return {
    dir,
    /** Before its day, half opened, opened, opened again. */
    openings,
    venue,
    signers,
    homeOf,
    holdfast,
    run,
    pass,
    tellTime,
    async json<T>(...words: string[]): Promise<T> {
      const { exit, out, err } = await run(...words, '--json');
      if (exit !== 0) throw new Error(`${words.join(' ')}: ${err}`);
      return JSON.parse(out) as T;
    },
    /** Starts a signer that was stopped, or anew, with another policy if one is given. */
    async restart(name: Name, change?: unknown): Promise<void> {
      await signers.get(name)?.close();
      if (change !== undefined) writeFileSync(policyPath(homeOf(name)), JSON.stringify(change));
      const signer = await start(name);
      signer.open(venue);
      await until('its link', 10_000, () => signer.party.status().isConnected);
    },
    /** The next committee of the treasury, in folders `next-ann`, …; it reads the venue already. */
    async foundNext(): Promise<void> {
      await foundSigners(dir, `ws://127.0.0.1:${relay.port}`, registry, 'next-');
      for (const { party } of await found('next-')) {
        const signer = signers.get(`next-${party.name}`);
        signer?.open(venue);
        await until('its look at the registry', 10_000, () => party.sight().view?.generation === 1);
      }
    },
    async stop(name: Name): Promise<void> {
      await signers.get(name)?.close();
      signers.delete(name);
    },
    balanceOf: (holder: Address): Promise<bigint> =>
      reader.readContract({
        address: contracts.token,
        abi: testTokenAbi,
        functionName: 'balanceOf',
        args: [holder],
      }),
    /** Somebody pays into the treasury's account of the clearing house. */
    deposit: (whole: bigint) => depositInto(account, whole),
    /** As fees of trading. */
    collect: (whole: bigint) => depositInto(feeAccount, whole),
    /**
     * A trader deposits, and withdraws by a signature that anybody relays, with the treasury's
     * account as the relayer whom the fee is paid to.
     */
    async relayed(whole: bigint, fee: bigint): Promise<void> {
      const { clearingHouse } = contracts;
      const opened = await send(clearingHouse, clearingHouseAbi, 'openAccount', [keeper.address]);
      const [event] = parseEventLogs({ abi: clearingHouseAbi, logs: opened.logs });
      invariant(event !== undefined, 'no account was opened');
      const own = Number((event.args as unknown as { account: number }).account);
      await depositInto(own, whole);
      const terms = { amount: (whole - fee) * units, to: keeper.address, fee: fee * units };
      const message = { account: own, ...terms, nonce: 1n, expiry: 4_000_000_000 };
      const signer = keeper as unknown as Parameters<typeof signWithdrawal>[0];
      const signature = await signWithdrawal(signer, { chainId, clearingHouse }, message);
      const args = [message, signature, account, '0x'];
      await send(clearingHouse, clearingHouseAbi, 'withdrawSigned', args);
    },
    async end(): Promise<void> {
      for (const signer of signers.values()) await signer.close();
      await relay.close();
      child.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
