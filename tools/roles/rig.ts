/**
 * A whole venue on a bare chain, with one key for each role and something pending everywhere, so
 * that every guard can be seen to act.
 */
import type { ChildProcess } from 'node:child_process';
import {
  clearingHouseAbi,
  forcedQueueAbi,
  parametersAbi,
  testTokenAbi,
  treasuryAbi,
  vaultAbi,
} from '@holdfast/abi';
import {
  type ChainReader,
  createChainReader,
  createChainWriter,
  findFreePort,
  sleep,
  type Venue,
} from '@holdfast/host';
import { candidateOf, committeeIds, statementDigest } from '@holdfast/party';
import type { Roster } from '@holdfast/quorum';
import {
  type Callers,
  type ContractName,
  type Known,
  readFacts,
  strangerOf,
} from '@holdfast/trust';
import { fromHex, type Hex, invariant, isRejection, keccak256, toHex, utf8 } from '@holdfast/units';
import {
  councilTerms,
  type DeployOptions,
  demoForced,
  demoMarkets,
  demoStewardTerms,
  deployGovernance,
  deployVenue,
  foretell,
} from '@holdfast/venue';
import { type Abi, type Address, encodeFunctionData, numberToHex as toHexNumber } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { spawnBareAnvil } from '../anvil.ts';
import { secretOf, signGroup } from '../group-signer.ts';

const chainId = 31_337;
const daySeconds = 86_400;
const gas = '0x1c9c380';

export const keyOf = (name: string) => privateKeyToAccount(toHex(keccak256(utf8(`rig ${name}`))));
export const addressOf = (name: string): Address => keyOf(name).address;

/** A committee of one hand with the threshold of two of three. */
export function committeeOf(registry: Address, name: 'oracle' | 'treasury', salt = '') {
  const key = secretOf(keccak256(utf8(`rig committee ${name}${salt}`)));
  const hex32 = (digit: number): Hex => toHex(keccak256(utf8(`${name} ${digit}`)));
  const parties = [1, 2, 3].map((i) => ({ name: `p${i}`, key: hex32(i), seal: hex32(i + 3) }));
  const contract = registry.toLowerCase() as Hex;
  const roster: Roster = { name, chainId, contract, threshold: 2, parties };
  const groupKey = toHex(key.compressed);
  const digest = statementDigest({ kind: 'life', generation: 1, groupKey, roster });
  invariant(!isRejection(digest), `the registry keeps ${name}`);
  const { rx, ry, z } = signGroup(key, fromHex(digest));
  return { candidate: candidateOf(groupKey, roster), life: { rx, ry, z } };
}

async function startChain(): Promise<{ child: ChildProcess; rpcUrl: string; reader: ChainReader }> {
  const port = await findFreePort();
  const args = ['--accounts', '0', '--hardfork', 'prague', '--quiet', '--gas-limit', '100000000'];
  const child = spawnBareAnvil([...args, '--chain-id', `${chainId}`, '--port', `${port}`]);
  const rpcUrl = `http://127.0.0.1:${port}`;
  const reader = createChainReader({ rpcUrl, chainId, blockMs: 100, batch: true });
  for (let tries = 0; ; tries++) {
    const isUp = await reader.getChainId().catch(() => undefined);
    if (isUp !== undefined) return { child, rpcUrl, reader };
    if (tries > 200) throw new Error('anvil does not answer');
    await sleep(50);
  }
}

type Places = Readonly<Partial<Record<ContractName, Address>>>;

export type Rig = Awaited<ReturnType<typeof createRig>>;

/** @param change what differs from the usual venue of a test */
export async function createRig(change: Partial<DeployOptions> = {}) {
  const { child, rpcUrl, reader } = await startChain();
  const raw = (method: string, ...params: unknown[]): Promise<unknown> =>
    reader.request({ method, params } as never);
  const end = () =>
    new Promise<void>((done) => {
      child.once('close', () => done());
      child.kill('SIGKILL');
    });
  /** Sends as anybody, even as a contract; the block's result, or an error with the reason. */
  async function send(from: Address, to: Address, data: Hex, value = 0n): Promise<void> {
    await raw('anvil_setBalance', from, '0xffffffffffffffffff');
    const call = { from, to, data, gas, value: toHexNumber(value) };
    const hash = (await raw('eth_sendTransaction', call)) as Hex;
    const receipt = await reader.waitForTransactionReceipt({ hash });
    if (receipt.status === 'success') return;
    await reader.call({ account: from, to, data, value });
    throw new Error(`a call of ${to} failed in its block alone`);
  }
  const act = (from: Address, to: Address, abi: unknown, name: string, ...args: unknown[]) =>
    send(from, to, encodeFunctionData({ abi: abi as Abi, functionName: name, args }));
  async function pass(seconds: number): Promise<void> {
    await raw('evm_increaseTime', seconds);
    await raw('evm_mine');
  }
  try {
    await raw('anvil_autoImpersonateAccount', true);
    const deployer = keyOf('deployer');
    await raw('anvil_setBalance', deployer.address, '0xffffffffffffffffff');
    const registry = await foretell(reader, deployer.address);
    const markets = demoMarkets(['BTC-USD'], 1).map((market, id) => ({ ...market, id }));
    const options: DeployOptions = {
      markets,
      reporters: { k: 1, addresses: [addressOf('reporter')] },
      committee: { registry, ...committeeOf(registry, 'oracle') },
      treasury: committeeOf(registry, 'treasury'),
      sequencer: addressOf('sequencer'),
      governor: addressOf('governor'),
      guardians: ['guardian', 'guardian 2', 'guardian 3'].map(addressOf),
      quietSeconds: 60,
      reportSkewSecondsMax: 60,
      breaker: { silenceSeconds: 600 },
      steward: { operator: addressOf('operator'), terms: demoStewardTerms(1) },
      ...change,
    };
    const writer = createChainWriter({ rpcUrl, chainId, blockMs: 100 }, deployer);
    const { contracts, treasury, deployBlock } = await deployVenue(reader, writer, options);
    const venue = venueOf({ rpcUrl, contracts, deployBlock, registry, treasury, options });
    const seats = ['seat', 'seat 2', 'seat 3'].map(addressOf);
    const votes = await deployGovernance(reader, writer, venue, councilTerms(seats));
    return { reader, raw, end, send, act, pass, venue, options, votes };
  } catch (error) {
    await end();
    throw error;
  }
}

type Deployed = {
  rpcUrl: string;
  contracts: Venue['contracts'];
  deployBlock: number;
  registry: Address;
  treasury: Address | undefined;
  options: DeployOptions;
};

/** The venue as its file tells it; the relays are nowhere. */
function venueOf({ rpcUrl, contracts, deployBlock, registry, treasury, options }: Deployed): Venue {
  const nowhere = { host: '127.0.0.1', port: 1 };
  const of = (id: number) => ({
    registry,
    id,
    threshold: 2,
    key: `0x02${'1'.repeat(64)}` as Hex,
    roster: `0x${'1'.repeat(64)}` as Hex,
    relay: nowhere,
  });
  const { addresses, k } = options.reporters;
  const withCommittee = options.committee !== undefined;
  return {
    version: 1,
    chainId,
    rpcUrl,
    contracts,
    deployBlock,
    token: { symbol: 'tUSD', decimals: 6 },
    markets: [...options.markets],
    clock: { wallEpochMs: Date.now(), venueEpoch: Math.floor(Date.now() / 1000), speed: 1 },
    gateway: nowhere,
    relay: nowhere,
    reporters: {
      k: Math.max(k, withCommittee ? 2 : k),
      n: 2,
      addresses: [...addresses, addressOf('reporter 2')].slice(0, 2),
    },
    ...(withCommittee ? { committee: of(committeeIds.oracle) } : {}),
    ...(treasury ? { treasury: { ...of(committeeIds.treasury), address: treasury } } : {}),
    sequencer: options.sequencer,
    node: options.sequencer,
    blockMs: 100,
  };
}

/** Accounts 2 and 3 have an owner, a session key and money; one large withdrawal is queued. */
async function fill({ act, send, reader, venue }: Rig): Promise<void> {
  const { clearingHouse, token, vault } = venue.contracts;
  const owner = addressOf('owner');
  for (let i = 0; i < 2; i++)
    await act(owner, clearingHouse, clearingHouseAbi, 'openAccount', owner);
  const amount = 2_000_000n * 10n ** 6n;
  await act(owner, token, testTokenAbi, 'mint', owner, amount);
  await act(owner, token, testTokenAbi, 'approve', vault, amount);
  await act(owner, clearingHouse, clearingHouseAbi, 'deposit', token, firstAccount, amount);
  const scope = { markets: 2n ** 128n - 1n, orderLotsMax: 2 ** 40 - 1, reduceOnly: false };
  const args = [firstAccount, addressOf('session'), 2 ** 40 - 1, scope];
  await act(owner, clearingHouse, clearingHouseAbi, 'setSession', ...args);
  const queue = (await reader.readContract({
    address: clearingHouse,
    abi: clearingHouseAbi,
    functionName: 'forcedQueue',
  })) as Address;
  const request = encodeFunctionData({
    abi: forcedQueueAbi,
    functionName: 'requestCancelAll',
    args: [firstAccount],
  });
  await send(owner, queue, request, demoForced.feeWei);
  const large = 300_000n * 10n ** 6n;
  await act(owner, clearingHouse, clearingHouseAbi, 'withdraw', firstAccount, large, owner, '0x');
}

/** The first account that a person can own; the next one belongs to the same owner here. */
const firstAccount = 2;

/**
 * Makes the venue such that every guard can be seen: owners, a queue, proposals that are due.
 *
 * @returns arguments that then mean something, by type and name
 */
export async function prepare(rig: Rig): Promise<Known> {
  const { act, pass, venue } = rig;
  const { parameters, token } = venue.contracts;
  await fill(rig);
  const governor = addressOf('governor');
  await act(governor, parameters, parametersAbi, 'proposeGovernor', addressOf('successor'));
  const at = venue.treasury?.address;
  const limits = [5n * 10n ** 8n, 2n * 10n ** 10n];
  if (at) await act(governor, at, treasuryAbi, 'proposeLimit', token, ...limits);
  await pass(daySeconds + 60);
  if (at) await act(governor, at, treasuryAbi, 'applyLimit', token);
  return {
    uint32: firstAccount,
    'uint32 to': firstAccount + 1,
    'uint8 id': committeeIds.treasury,
    'address guardian': addressOf('guardian 2'),
    'address next': strangerOf(99),
    'uint64 id': await queuedId(rig),
  };
}

async function queuedId({ reader, venue }: Rig): Promise<bigint> {
  const { vault } = venue.contracts;
  const logs = await reader.getContractEvents({
    address: vault,
    abi: vaultAbi,
    eventName: 'Queued',
    fromBlock: BigInt(venue.deployBlock),
  });
  const id = logs[0]?.args.id;
  invariant(id !== undefined, 'a large withdrawal waits');
  return id;
}

/** Where all contracts of a rig are: the votes, too, though they do not govern it. */
export async function placesOf({ reader, venue, votes }: Rig): Promise<Places> {
  const { places } = await readFacts(reader, venue);
  const { access, governor, votes: council } = votes;
  return { ...places, Council: council, VenueAccess: access, VenueGovernor: governor };
}

/** Everybody whom a contract of the venue may know. */
export async function callersOf(rig: Rig): Promise<Callers> {
  const { ClearingHouse: clearingHouse, ...others } = await placesOf(rig);
  const people = [
    'governor',
    'guardian',
    'operator',
    'owner',
    'seat',
    'sequencer',
    'session',
    'successor',
  ];
  return {
    ...Object.fromEntries(people.map((name) => [name, addressOf(name)])),
    ...(clearingHouse && { clearingHouse }),
    ...others,
  };
}
