/** Collateral that is not what it seems: another token, and one that keeps a part of transfers. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { clearingHouseAbi, testTokenAbi, testTokenBytecode } from '@holdfast/abi';
import {
  chainAccess,
  createChainReader,
  createChainWriter,
  createFaucet,
  type Venue,
} from '@holdfast/host';
import { deployVenue } from '@holdfast/venue';
import { type Abi, type Address, encodeDeployData, type Hex } from 'viem';
import { keyOf } from './herd.ts';
import { root } from './launcher.ts';

/** Compiles the fee-keeping token of the contracts' own tests. */
function compileFeeToken(): Hex {
  const solc = createRequire(import.meta.url)('solc') as {
    compile(input: string, how: { import: (path: string) => { contents: string } }): string;
  };
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const find = (path: string) => {
    const isOurs = path.startsWith('contracts/');
    return { contents: read(isOurs ? path : join('node_modules', path)) };
  };
  const name = 'contracts/test/mocks/Tokens.sol';
  const input = {
    language: 'Solidity',
    sources: { [name]: { content: read(name) } },
    settings: { outputSelection: { [name]: { FeeToken: ['evm.bytecode.object'] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
  const made = output.contracts?.[name]?.FeeToken?.evm.bytecode.object;
  if (made === undefined) throw new Error(JSON.stringify(output.errors).slice(0, 1000));
  return `0x${made}`;
}

const million = 1_000_000n;

/** Deposits of one token unit million each, simulated first; they reject with the chain's error. */
export async function foreignTokens(venue: Venue) {
  const access = chainAccess(venue);
  const reader = createChainReader(access);
  const key = keyOf('tokens');
  const writer = createChainWriter(access, key);
  await createFaucet(access, venue.contracts.token).gas(key.address, 10n ** 22n);
  const sent = async (hash: Hex) => {
    const receipt = await reader.waitForTransactionReceipt({ hash, timeout: 60_000 });
    if (receipt.status !== 'success') throw new Error(`transaction ${hash} was reverted`);
    return receipt;
  };
  const create = async (data: Hex): Promise<Address> => {
    const { contractAddress } = await sent(await writer.sendTransaction({ data }));
    return contractAddress as Address;
  };
  const call = async (address: Address, abi: Abi, functionName: string, args: unknown[]) =>
    sent(await writer.writeContract({ address, abi, functionName, args } as never));
  const args = ['Other', 'OTH', 6] as const;
  const other = await create(
    encodeDeployData({ abi: testTokenAbi, bytecode: testTokenBytecode, args }),
  );
  const fee = await create(compileFeeToken());
  const roles = { sequencer: key.address, governor: key.address, guardians: [key.address] };
  const second = await deployVenue(reader, writer, {
    markets: venue.markets,
    reporters: venue.reporters,
    ...roles,
    quietSeconds: 15,
    reportSkewSecondsMax: 60,
    tokenAddress: fee,
  });

  async function deposit(contracts: Venue['contracts'], token: Address): Promise<bigint> {
    const house = contracts.clearingHouse;
    await call(token, testTokenAbi as Abi, 'mint', [key.address, million]);
    await call(token, testTokenAbi as Abi, 'approve', [contracts.vault, million]);
    const counted = { address: house, abi: clearingHouseAbi } as const;
    const account = await reader.readContract({ ...counted, functionName: 'accountsCount' });
    await call(house, clearingHouseAbi as Abi, 'openAccount', [key.address]);
    const request = { ...counted, functionName: 'deposit' as const, account: key };
    const terms = [token, account, million] as const;
    await reader.simulateContract({ ...request, args: terms });
    await call(house, clearingHouseAbi as Abi, 'deposit', [...terms]);
    const [, cash] = await reader.readContract({
      ...counted,
      functionName: 'account',
      args: [account],
    });
    return cash;
  }
  return {
    /** The first venue lists another token. */
    depositUnlisted: () => deposit(venue.contracts, other),
    /** The second venue lists the token that keeps one per cent. */
    depositWithFee: () => deposit(second.contracts, fee),
    /** Cash (Q32) after a deposit of the token that the first venue lists. */
    depositHonest: () => deposit(venue.contracts, venue.contracts.token),
  };
}
