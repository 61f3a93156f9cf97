/**
 * Three ledgers say the same or nothing goes on: the core, the mirror, and the chain's storage.
 * Differences are reported in full and never repaired.
 */
import { clearingHouseAbi, vaultAbi } from '@holdfast/abi';
import { sleep } from '@holdfast/host';
import { judge } from '@holdfast/laws';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { type Abi, erc20Abi, type PublicClient } from 'viem';
import { type CoreView, compare, differs, type Ledger } from './books.ts';
import { chainRow, type Mirror } from './mirror.ts';

const chunk = 64;
/** How often storage is read before a difference is believed, and the wall ms between. */
const looks = 2;
const secondLookMs = 1500;

/** The laws on the whole state that the mirror breaks, by name. */
export function brokenLaws(mirror: Mirror): string[] {
  const accounts = [...mirror.accounts.values()].map(({ cash }) => ({ cashQ32: cash }));
  const positions = [...mirror.accounts.values()].flatMap(({ sizes }) =>
    [...sizes].map(([market, size]) => ({ market, size })),
  );
  const markets = [...mirror.params.keys()].map((market) => ({
    market,
    openInterest: mirror.markets.get(market)?.openInterest ?? 0,
  }));
  const { liabilities } = chainRow(mirror);
  const broken: string[] = [];
  if (!judge('collateralConserved', { accounts, liabilities })) broken.push('collateralConserved');
  if (!judge('netPositionZero', { positions, markets })) broken.push('netPositionZero');
  if (!judge('openInterestIsLongs', { positions, markets })) broken.push('openInterestIsLongs');
  return broken;
}

/**
 * Core against mirror, and the laws on the mirror.
 *
 * @throws EnvironmentError StateDiffers or LawBroken
 */
export function reconcileBooks(ledger: Ledger, core: CoreView, block: number): void {
  const wrong = compare(ledger, core);
  if (wrong !== undefined) throw differs(`at block ${block}: ${wrong}`);
  const broken = brokenLaws(ledger.mirror);
  if (broken.length > 0) {
    throw new EnvironmentError(
      'LawBroken',
      `at block ${block} the chain's state breaks: ${broken.join(', ')}`,
    );
  }
}

/** What is read from the chain, and what the mirror says it must be. */
type Check = {
  readonly what: string;
  readonly address: Hex;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
  readonly shown: (value: unknown) => string;
  readonly expected: string;
};

type AccountTuple = readonly [string, bigint, number, readonly { market: number; size: bigint }[]];

function accountText(
  owner: string,
  cash: bigint,
  epoch: number,
  sizes: readonly (readonly [number, number])[],
): string {
  const held = sizes.filter(([, size]) => size !== 0).sort((a, b) => a[0] - b[0]);
  return JSON.stringify({ owner: owner.toLowerCase(), cash: `${cash}`, epoch, held });
}

function accountCheck(mirror: Mirror, house: Hex, id: number): Check {
  const row = mirror.accounts.get(id);
  return {
    what: `account ${id}`,
    address: house,
    abi: clearingHouseAbi as Abi,
    functionName: 'account',
    args: [id],
    shown: (value) => {
      const [owner, cash, epoch, positions] = value as AccountTuple;
      const sizes = positions.map(({ market, size }) => [market, Number(size)] as const);
      return accountText(owner, cash, epoch, sizes);
    },
    expected: accountText(row?.owner ?? '', row?.cash ?? 0n, row?.epoch ?? 0, [
      ...(row?.sizes ?? []),
    ]),
  };
}

function leverageCheck(mirror: Mirror, house: Hex, id: number): Check {
  return {
    what: `leverage of account ${id}`,
    address: house,
    abi: clearingHouseAbi as Abi,
    functionName: 'leverage',
    args: [id],
    shown: String,
    expected: String(mirror.accounts.get(id)?.userPpm ?? 0),
  };
}

function marketCheck(mirror: Mirror, house: Hex, id: number): Check {
  const row = mirror.markets.get(id);
  return {
    what: `market ${id} (index, funding time, open interest)`,
    address: house,
    abi: clearingHouseAbi as Abi,
    functionName: 'market',
    args: [id],
    shown: String,
    expected: [row?.index ?? 0n, row?.fundingTime ?? 0, row?.openInterest ?? 0].join(),
  };
}

function laneCheck(mirror: Mirror, house: Hex, key: number): Check {
  const row = mirror.lanes.get(key);
  const [account, lane] = [Math.floor(key / 65_536), key % 65_536];
  return {
    what: `lane ${lane} of account ${account} (seq, filled)`,
    address: house,
    abi: clearingHouseAbi as Abi,
    functionName: 'lane',
    args: [account, lane],
    shown: String,
    expected: [row?.seq ?? 0, row?.filled ?? 0].join(),
  };
}

function headChecks(mirror: Mirror, house: Hex): Check[] {
  const row = chainRow(mirror);
  const read = (functionName: string, expected: string): Check => ({
    what: functionName,
    address: house,
    abi: clearingHouseAbi as Abi,
    functionName,
    args: [],
    shown: (value) => String(value).toLowerCase(),
    expected,
  });
  return [read('batchNumber', String(row.batchNumber)), read('batchHead', row.batchHead)];
}

/** What to read. */
export type Scope = {
  readonly accounts: readonly number[];
  readonly lanes: readonly number[];
};

export type StorageDeps = {
  readonly client: PublicClient;
  readonly clearingHouse: Hex;
  readonly vault: Hex;
  readonly token: Hex;
  readonly tokenDecimals: number;
  /** The chain's hash at a height now. */
  readonly hashAt: (block: number) => Promise<Hex | undefined>;
  /** Wall ms before a difference is looked at again; tests shorten it. */
  readonly secondLookMs?: number;
};

async function readAll(deps: StorageDeps, checks: readonly Check[], block: number) {
  const values: unknown[] = [];
  for (let at = 0; at < checks.length; at += chunk) {
    const contracts = checks.slice(at, at + chunk).map((check) => ({
      address: check.address,
      abi: check.abi,
      functionName: check.functionName,
      args: check.args,
    }));
    try {
      const part = await deps.client.multicall({
        contracts,
        blockNumber: BigInt(block),
        allowFailure: false,
        deployless: true,
      });
      values.push(...(part as unknown[]));
    } catch (cause) {
      throw new EnvironmentError('RpcDown', 'the chain does not answer reads of its storage', {
        retry: true,
        cause,
      });
    }
  }
  return values;
}

/** The first difference between what was read and what the mirror says; undefined when equal. */
function difference(checks: readonly Check[], values: readonly unknown[]): string | undefined {
  for (const [i, check] of checks.entries()) {
    const found = check.shown(values[i]);
    if (found === check.expected) continue;
    return `${check.what}: the chain's storage has ${found}, its logs make ${check.expected}`;
  }
  return undefined;
}

function storageChecks(deps: StorageDeps, mirror: Mirror, scope: Scope): Check[] {
  const house = deps.clearingHouse;
  const liabilities: Check = {
    what: 'liabilities of the vault (token units)',
    address: deps.vault,
    abi: vaultAbi as Abi,
    functionName: 'liabilities',
    args: [],
    shown: String,
    expected: String(chainRow(mirror).liabilities * scaleOf(deps)),
  };
  return [
    ...headChecks(mirror, house),
    liabilities,
    ...[...mirror.params.keys()].map((id) => marketCheck(mirror, house, id)),
    ...scope.accounts.map((id) => accountCheck(mirror, house, id)),
    ...scope.accounts.map((id) => leverageCheck(mirror, house, id)),
    ...scope.lanes.map((key) => laneCheck(mirror, house, key)),
  ];
}

/** Token units per quote unit. */
function scaleOf(deps: StorageDeps): bigint {
  return 10n ** BigInt(Math.max(deps.tokenDecimals - 6, 0));
}

/**
 * The mirror against the chain's storage, and the vault's tokens against its liabilities, at the
 * block that the mirror stands at. A node may answer for its newest block from a state that is
 * already the next one's, so a difference counts only when a second look shows it too.
 *
 * @returns false when that block was reorganised away while it was read: nothing is known then
 * @throws EnvironmentError StateDiffers, LawBroken, RpcDown
 */
export async function reconcileStorage(
  deps: StorageDeps,
  mirror: Mirror,
  at: { readonly number: number; readonly hash: Hex },
  scope: Scope,
): Promise<boolean> {
  const checks = storageChecks(deps, mirror, scope);
  const balance: Check = {
    what: 'tokens in the vault',
    address: deps.token,
    abi: erc20Abi as Abi,
    functionName: 'balanceOf',
    args: [deps.vault],
    shown: String,
    expected: '',
  };
  // Logs of the clearing house do not tell what waits in the vault; it only must be covered too.
  const waits: Check = {
    ...balance,
    what: 'withdrawals that wait in the vault',
    address: deps.vault,
    abi: vaultAbi as Abi,
    functionName: 'queued',
    args: [],
  };
  const owed = chainRow(mirror).liabilities;
  for (let look = 1; ; look += 1) {
    const values = await readAll(deps, [...checks, balance, waits], at.number);
    if ((await deps.hashAt(at.number)) !== at.hash) return false;
    const wrong = difference(checks, values);
    const tokens = (values[checks.length] as bigint) / scaleOf(deps);
    const queued = (values[checks.length + 1] as bigint) / scaleOf(deps);
    const covered = judge('vaultCovers', { balance: tokens, liabilities: owed, queued });
    if (wrong === undefined && covered) return true;
    if (look < looks) {
      await sleep(deps.secondLookMs ?? secondLookMs);
      continue;
    }
    if (wrong !== undefined) throw differs(`at block ${at.number}: ${wrong}`);
    const message =
      `at block ${at.number} the vault holds ${tokens} but owes ${owed} quote units, ` +
      `and ${queued} wait in its queue`;
    throw new EnvironmentError('LawBroken', `vaultCovers: ${message}`);
  }
}
