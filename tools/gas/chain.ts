/** A local chain whose every block has a fixed time, and contracts from forge's artifacts. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '@holdfast/host';
import {
  type Abi,
  type Address,
  BaseError,
  createTestClient,
  decodeErrorResult,
  encodeDeployData,
  encodeFunctionData,
  type Hex,
  http,
  publicActions,
  type TestClient,
  type TransactionReceipt,
  walletActions,
} from 'viem';
import { spawnBareAnvil } from '../anvil.ts';
import { root } from '../sources.mjs';

/** Chain id of every local chain here. */
export const chainId = 31_337;
/** Genesis time; any fixed second does. */
export const genesisTime = 1_900_000_000;
/** Accounts of the chain's default mnemonic, unlocked by anvil: deployer and sequencer. */
export const deployer: Address = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
/** The second of the two guardians; the deployer is the other. */
export const guardian: Address = '0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc';

type Artifact = { abi: Abi; bytecode: { object: Hex } };

/** ABI and creation code of a contract, as forge wrote them, or as they are in another folder. */
export function artifact(name: string): Artifact {
  const places = [...otherArtifacts, join(root, 'contracts/out')];
  const paths = places.map((folder) => join(folder, `${name}.sol/${name}.json`));
  const path = paths.find((each) => existsSync(each)) ?? `${name}`;
  return JSON.parse(readFileSync(path, 'utf8')) as Artifact;
}

/** Folders in which `artifact` looks first: for a contract that is not as it should be. */
export const otherArtifacts: string[] = [];

/** A running chain. `time` is that of the next block. */
export type Chain = {
  readonly process: ChildProcess;
  readonly client: ReturnType<typeof clientOf>;
  time: number;
};

/**
 * Starts anvil on a free port and waits until it answers.
 *
 * @param codeBytesMax largest contract; by default that of Ethereum
 */
export async function startChain(codeBytesMax = 24_576): Promise<Chain> {
  const port = await findFreePort();
  const options = {
    port,
    'chain-id': chainId,
    timestamp: genesisTime,
    hardfork: 'prague',
    'gas-limit': 200_000_000,
    'base-fee': 0,
    'gas-price': 0,
    'code-size-limit': codeBytesMax,
  };
  const args = Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)]);
  const child = spawnBareAnvil([...args, '--no-mining', '--silent']);
  const client = clientOf(port);
  for (let attempt = 0; ; attempt += 1) {
    try {
      await client.getBlockNumber();
      break;
    } catch (error) {
      if (attempt === 200 || child.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  await client.request({ method: 'anvil_autoImpersonateAccount', params: [true] } as never);
  return { process: child, client, time: genesisTime + 1 };
}

function clientOf(port: number) {
  const transport = http(`http://127.0.0.1:${port}`, { retryCount: 0, timeout: 60_000 });
  const client: TestClient = createTestClient({ mode: 'anvil', transport, pollingInterval: 1 });
  return client.extend(publicActions).extend(walletActions);
}

/** One transaction in its own block; throws with the decoded error when it reverts. */
export async function send(
  chain: Chain,
  request: { from?: Address; to?: Address; data: Hex; abi: Abi; value?: bigint },
): Promise<TransactionReceipt> {
  const { from = deployer, to, data, abi, value = 0n } = request;
  const fields = { from, data, gas: '0x5f5e100', gasPrice: '0x0', ...(to ? { to } : {}) };
  const paid = value === 0n ? {} : { value: `0x${value.toString(16)}` };
  const params = [{ ...fields, ...paid }];
  const hash = await chain.client.request({ method: 'eth_sendTransaction', params } as never);
  // Mining on request: a receipt exists as soon as the block does.
  await chain.client.request({ method: 'evm_mine', params: [chain.time] } as never);
  chain.time += 1;
  const receipt = await chain.client.getTransactionReceipt({ hash: hash as Hex });
  if (receipt.status === 'success') return receipt;
  throw new Error(`transaction reverted: ${await reason(chain, { from, to, data, abi })}`);
}

async function reason(
  chain: Chain,
  request: { from: Address; to?: Address | undefined; data: Hex; abi: Abi },
): Promise<string> {
  const { from, to, data } = request;
  try {
    await chain.client.request({ method: 'eth_call', params: [{ from, to, data }] } as never);
    return 'no reason when tried again';
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    const found = error.walk((each) => typeof (each as { data?: unknown }).data === 'string');
    const revert = (found as { data?: Hex } | null)?.data;
    if (revert === undefined) return error.message;
    const { errorName, args } = decodeErrorResult({ abi: request.abi, data: revert });
    return `${errorName}(${String(args)})`;
  }
}

/** Deploys a contract and returns its address. */
export async function deploy(chain: Chain, name: string, args: readonly unknown[]) {
  const { abi, bytecode } = artifact(name);
  const data = encodeDeployData({ abi, bytecode: bytecode.object, args });
  const receipt = await send(chain, { data, abi });
  return receipt.contractAddress as Address;
}

/** Calls a function in a transaction; returns the gas that the whole transaction used. */
export async function transact(
  chain: Chain,
  contract: { name: string; address: Address },
  functionName: string,
  args: readonly unknown[],
  from: Address = deployer,
  { value = 0n }: { value?: bigint } = {},
): Promise<number> {
  const { abi } = artifact(contract.name);
  const data = encodeFunctionData({ abi, functionName, args });
  const receipt = await send(chain, { from, to: contract.address, data, abi, value });
  return Number(receipt.gasUsed);
}
