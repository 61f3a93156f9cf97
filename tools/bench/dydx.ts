/**
 * The same trades on dYdX perpetual v1, for comparison: its contracts are compiled from a checkout
 * that the caller has (nothing of it is part of this project) and deployed on the same kind of
 * chain. One matched fill is two signed orders of two accounts, taken by the account that sends.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressOf, signDigest } from '@holdfast/order';
import { fromHex, keccak256 } from '@holdfast/units';
import {
  type Abi,
  type Address,
  encodeAbiParameters,
  type Hex,
  hashTypedData,
  parseAbiParameters,
} from 'viem';
import {
  type Chain,
  chainId,
  deploy,
  deployer,
  otherArtifacts,
  startChain,
  transact,
} from '../gas/chain.ts';
import { type Floored, floorOfLast } from './floor.ts';

const compiler = '0.5.16';
const libraries = ['@openzeppelin/contracts@2.5.0', '@openzeppelin/upgrades@2.6.0'];
const entries = [
  'protocol/v1/PerpetualV1',
  'protocol/PerpetualProxy',
  'protocol/v1/traders/P1Orders',
  'test/v1/Test_P1Oracle',
  'test/v1/Test_P1Funder',
  'test/Test_Token',
];
const one = 10n ** 18n;
const price = 1_000n * one;

/** Compiles a checkout with its own compiler and settings. @returns a folder of artifacts */
function compile(checkout: string): string {
  const contracts = join(checkout, 'contracts');
  if (!existsSync(join(contracts, 'protocol/v1/PerpetualV1.sol'))) {
    throw new Error(`${checkout} is no checkout of github.com/dydxprotocol/perpetual`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'peer-'));
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder];
  execFileSync('npm', [...install, `solc@${compiler}`], { stdio: 'ignore' });
  for (const library of libraries) fetchLibrary(folder, library);
  const sources: Record<string, { content: string }> = {};
  const add = (name: string): void => {
    if (sources[name] !== undefined) return;
    const own = name.startsWith('contracts/');
    const path = own ? join(checkout, name) : join(folder, 'node_modules', name);
    const content = readFileSync(path, 'utf8');
    sources[name] = { content };
    for (const [, imported = ''] of content.matchAll(/^import [^;]*?["'](.+?)["'];/gm)) {
      add(imported.startsWith('.') ? join(name, '..', imported) : imported);
    }
  };
  for (const entry of entries) add(`contracts/${entry}.sol`);
  const settings = {
    optimizer: { enabled: true, runs: 10_000 },
    outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
  };
  const input = JSON.stringify({ language: 'Solidity', sources, settings });
  // In a process of its own: this compiler installs handlers for errors of the whole process.
  const script = `const solc = require(${JSON.stringify(join(folder, 'node_modules/solc'))});
    const input = require('fs').readFileSync(0, 'utf8');
    require('fs').writeFileSync(1, solc.compile(input));`;
  const options = { input, maxBuffer: 2 ** 28 };
  const output = JSON.parse(execFileSync(process.execPath, ['-e', script], options).toString());
  const wrong = output.errors?.find(({ severity }: { severity: string }) => severity === 'error');
  if (wrong !== undefined) throw new Error(wrong.formattedMessage);
  for (const entry of entries) writeArtifact(folder, entry, output.contracts);
  return folder;
}

/** A library's sources alone: what it depends on is not needed to compile them. */
function fetchLibrary(folder: string, library: string): void {
  const options = { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] as const };
  const packed = execFileSync('npm', ['pack', library], options as never)
    .toString()
    .trim();
  const home = join(folder, 'node_modules', library.slice(0, library.lastIndexOf('@')));
  mkdirSync(home, { recursive: true });
  const archive = packed.split('\n').at(-1) as string;
  execFileSync('tar', ['-xzf', join(folder, archive), '--strip-components=1', '-C', home]);
}

type Compiled = { abi: Abi; evm: { bytecode: { object: string } } };

function writeArtifact(
  folder: string,
  entry: string,
  contracts: Record<string, Record<string, Compiled>>,
): void {
  const name = entry.split('/').at(-1) as string;
  const compiled = contracts[`contracts/${entry}.sol`]?.[name];
  if (compiled === undefined) throw new Error(`the compiler gave no ${name}`);
  const { abi, evm } = compiled;
  const text = JSON.stringify({ abi, bytecode: { object: `0x${evm.bytecode.object}` } });
  mkdirSync(join(folder, `${name}.sol`), { recursive: true });
  writeFileSync(join(folder, `${name}.sol`, `${name}.json`), text);
}

type Peer = { chain: Chain; perpetual: Address; orders: Address; keys: Uint8Array[] };

const keyOf = (i: number): Uint8Array => keccak256(new TextEncoder().encode(`peer ${i}`));

async function deployPeer(chain: Chain, accounts: number): Promise<Peer> {
  const token = await deploy(chain, 'Test_Token', []);
  const oracle = await deploy(chain, 'Test_P1Oracle', []);
  const funder = await deploy(chain, 'Test_P1Funder', []);
  const logic = await deploy(chain, 'PerpetualV1', []);
  const perpetual = await deploy(chain, 'PerpetualProxy', [logic, deployer, '0x']);
  const orders = await deploy(chain, 'P1Orders', [perpetual, chainId]);
  const venue = { name: 'PerpetualV1', address: perpetual };
  const initial = [token, oracle, funder, (one * 11n) / 10n];
  await transact(chain, { name: 'Test_P1Oracle', address: oracle }, 'setPrice', [price]);
  await transact(chain, venue, 'initializeV1', initial);
  await transact(chain, venue, 'setGlobalOperator', [orders, true]);
  const coin = { name: 'Test_Token', address: token };
  await transact(chain, coin, 'mint', [deployer, 10n ** 30n]);
  await transact(chain, coin, 'approve', [perpetual, 10n ** 30n]);
  const keys = Array.from({ length: accounts }, (_, i) => keyOf(i));
  for (const owner of [deployer, ...keys.map(addressOf)]) {
    await transact(chain, venue, 'deposit', [owner, 10n ** 6n * one]);
  }
  return { chain, perpetual, orders, keys };
}

const orderTypes = {
  Order: [
    { name: 'flags', type: 'bytes32' },
    { name: 'amount', type: 'uint256' },
    { name: 'limitPrice', type: 'uint256' },
    { name: 'triggerPrice', type: 'uint256' },
    { name: 'limitFee', type: 'uint256' },
    { name: 'maker', type: 'address' },
    { name: 'taker', type: 'address' },
    { name: 'expiration', type: 'uint256' },
  ],
} as const;
const tradeData = parseAbiParameters(
  '((bytes32 flags, uint256 amount, uint256 limitPrice, uint256 triggerPrice, uint256 limitFee, ' +
    'address maker, address taker, uint256 expiration) order, ' +
    '(uint256 amount, uint256 price, uint256 fee, bool isNegativeFee) fill, ' +
    '(bytes32 r, bytes32 s, bytes2 vType) signature) data',
);

/** A signed order of one account, filled whole by whoever sends. */
function signed({ orders }: Peer, key: Uint8Array, isBuy: boolean, salt: bigint): Hex {
  const amount = one + salt;
  const order = {
    // The salt makes every order new.
    flags: `0x${((salt << 8n) | (isBuy ? 1n : 0n)).toString(16).padStart(64, '0')}` as Hex,
    amount,
    limitPrice: price,
    triggerPrice: 0n,
    limitFee: 0n,
    maker: addressOf(key),
    taker: deployer,
    expiration: 2n ** 40n,
  };
  const domain = { name: 'P1Orders', version: '1.0', chainId, verifyingContract: orders };
  const content = { domain, types: orderTypes, primaryType: 'Order', message: order } as const;
  const compact = signDigest(fromHex(hashTypedData(content) as never), key);
  const [r, s] = [compact.slice(0, 32), compact.slice(32)];
  const v = 27 + ((s[0] as number) >> 7);
  s[0] = (s[0] as number) & 0x7f;
  const hex = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes).toString('hex')}`;
  const vType = `0x${v.toString(16)}00` as Hex;
  const fill = { amount, price, fee: 0n, isNegativeFee: false };
  const signature = { r: hex(r), s: hex(s), vType };
  return encodeAbiParameters(tradeData, [{ order, fill, signature }]);
}

/** n matched fills between 2n accounts in one transaction. */
async function trade(peer: Peer, fills: number, round: number): Promise<void> {
  const chosen = peer.keys.slice(0, 2 * fills);
  const accounts = [deployer, ...chosen.map(addressOf)].map((each) => each.toLowerCase()).sort();
  const index = (key: Uint8Array) => BigInt(accounts.indexOf(addressOf(key).toLowerCase()));
  const takerIndex = BigInt(accounts.indexOf(deployer.toLowerCase()));
  const trades = chosen.map((key, i) => {
    const isBuy = (i + round) % 2 === 0;
    const data = signed(peer, key, isBuy, BigInt(round * 1_000 + (i >> 1)));
    return { takerIndex, makerIndex: index(key), trader: peer.orders, data };
  });
  const venue = { name: 'PerpetualV1', address: peer.perpetual };
  await transact(peer.chain, venue, 'trade', [accounts, trades]);
}

/** Gas and floor of one matched fill by the number of fills in a transaction, in steady state. */
export async function measureDydx(checkout: string, sizes: readonly number[]) {
  const folder = compile(checkout);
  const chain = await startChain();
  otherArtifacts.push(folder);
  try {
    const peer = await deployPeer(chain, 2 * Math.max(...sizes));
    const result = new Map<number, Floored>();
    let round = 1;
    for (const fills of sizes) {
      for (let i = 0; i < 3; i += 1, round += 1) await trade(peer, fills, round);
      result.set(fills, await floorOfLast(chain, 2 * fills));
    }
    return result;
  } finally {
    otherArtifacts.splice(otherArtifacts.indexOf(folder), 1);
    chain.process.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}
