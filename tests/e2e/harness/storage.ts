/** The venue as the chain's storage has it at a block. */
import { clearingHouseAbi, iOracleAbi, lawsAbi, vaultAbi } from '@holdfast/abi';
import { type ChainReader, chainAccess, createChainReader, type Venue } from '@holdfast/host';
import { judge } from '@holdfast/laws';
import { firstFundAccount } from '@holdfast/units';
import { type Abi, erc20Abi } from 'viem';
import { noRow, type Records } from './records.ts';

export type StoredAccount = {
  readonly id: number;
  readonly owner: string;
  readonly cash: bigint;
  readonly epoch: number;
  readonly sizes: ReadonlyMap<number, number>;
};

export type Stored = {
  readonly accounts: readonly StoredAccount[];
  /** Quote units. */
  readonly liabilities: bigint;
  /** Withdrawals that wait in the vault, quote units. */
  readonly queued: bigint;
  /** Tokens in the vault, quote units rounded down. */
  readonly balance: bigint;
  readonly markets: readonly { market: number; index: bigint; openInterest: number }[];
  readonly batch: number;
  readonly head: string;
  /** Index and mark price by market. */
  readonly prices: ReadonlyMap<number, readonly [price: number, mark: number]>;
};

type Ask = { address: string; abi: Abi; functionName: string; args: readonly unknown[] };

/** Reads the whole venue, or without `withAccounts` all but the accounts, at one block. */
export async function readStored(
  venue: Venue,
  block: number,
  withAccounts: boolean,
): Promise<Stored> {
  const reader: ChainReader = createChainReader(chainAccess(venue));
  const { clearingHouse, vault, token, oracle } = venue.contracts;
  const ids = venue.markets.map(({ id }) => id);
  const house = (functionName: string, args: readonly unknown[] = []): Ask => {
    return { address: clearingHouse, abi: clearingHouseAbi as Abi, functionName, args };
  };
  const vaultAsk = (functionName: string): Ask => {
    return { address: vault, abi: vaultAbi as Abi, functionName, args: [] };
  };
  const ask = async (asks: readonly Ask[]): Promise<unknown[]> => {
    const found: unknown[] = [];
    for (let at = 0; at < asks.length; at += 100) {
      const contracts = asks.slice(at, at + 100) as never;
      const how = { blockNumber: BigInt(block), allowFailure: false, deployless: true } as const;
      found.push(...((await reader.multicall({ contracts, ...how })) as unknown[]));
    }
    return found;
  };
  const [owed, waits, scale, held, batch, head, count, ...rest] = (await ask([
    vaultAsk('liabilities'),
    vaultAsk('queued'),
    vaultAsk('scale'),
    { address: token, abi: erc20Abi as Abi, functionName: 'balanceOf', args: [vault] },
    house('batchNumber'),
    house('batchHead'),
    house('accountsCount'),
    ...ids.map((id) => house('market', [id])),
    ...ids.map((id): Ask => {
      return { address: oracle, abi: iOracleAbi as Abi, functionName: 'quote', args: [id] };
    }),
  ])) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    string,
    number,
    ...(readonly [bigint, number, bigint])[],
  ];
  const funds = ids.map((id) => firstFundAccount + id);
  const users = Array.from({ length: Number(count) }, (_, i) => i);
  const numbers = withAccounts ? [...users, ...funds] : [];
  const rows = await ask(numbers.map((id) => house('account', [id])));
  return {
    accounts: rows.map((row, i) => storedAccount(numbers[i] as number, row)),
    liabilities: owed / scale,
    queued: waits / scale,
    balance: held / scale,
    markets: ids.map((market, i) => {
      const [index, , openInterest] = rest[i] as readonly [bigint, number, bigint];
      return { market, index, openInterest: Number(openInterest) };
    }),
    batch: Number(batch),
    head,
    prices: new Map(
      ids.map((id, i) => {
        const [price, mark] = rest[ids.length + i] ?? [];
        return [id, [Number(price), Number(mark)]] as const;
      }),
    ),
  };
}

type Tuple = readonly [string, bigint, number, readonly { market: number; size: bigint }[]];

function storedAccount(id: number, row: unknown): StoredAccount {
  const [owner, cash, epoch, positions] = row as Tuple;
  const sizes = new Map(positions.map(({ market, size }) => [market, Number(size)]));
  return { id, owner: owner.toLowerCase(), cash, epoch: Number(epoch), sizes };
}

/** An account in one form, whichever ledger it came from. */
export function accountText(row: {
  owner: string;
  cash: bigint;
  epoch: number;
  sizes: ReadonlyMap<number, number>;
}): string {
  const held = [...row.sizes].filter(([, size]) => size !== 0).sort((a, b) => a[0] - b[0]);
  const { owner, cash, epoch } = row;
  return JSON.stringify({ owner: owner.toLowerCase(), cash: `${cash}`, epoch, held });
}

type Whole = {
  accounts: readonly { cash: bigint; sizes: ReadonlyMap<number, number> }[];
} & Pick<Stored, 'liabilities' | 'queued' | 'balance' | 'markets'>;

/** The laws on the whole state that do not hold, by name. */
export function brokenLaws(whole: Whole): string[] {
  const { liabilities, queued, balance, markets } = whole;
  const accounts = whole.accounts.map(({ cash }) => ({ cashQ32: cash }));
  const positions = whole.accounts.flatMap(({ sizes }) =>
    [...sizes].map(([market, size]) => ({ market, size })),
  );
  const verdicts = {
    collateralConserved: judge('collateralConserved', { accounts, liabilities }),
    vaultCovers: judge('vaultCovers', { balance, liabilities, queued }),
    netPositionZero: judge('netPositionZero', { positions, markets }),
    openInterestIsLongs: judge('openInterestIsLongs', { positions, markets }),
  };
  return Object.entries(verdicts).flatMap(([name, holds]) => (holds ? [] : [name]));
}

/** Whether the contract `Laws` on the chain finds the same state lawful, by its own bitmap. */
export async function lawfulOnChain(venue: Venue, stored: Stored, block: number): Promise<boolean> {
  const reader = createChainReader(chainAccess(venue));
  const laws = { address: venue.contracts.laws, abi: lawsAbi } as const;
  const snapshot = {
    accounts: stored.accounts.map(({ cash }) => ({ cashQ32: cash })),
    liabilities: stored.liabilities,
    queued: stored.queued,
    balance: stored.balance,
    positions: stored.accounts.flatMap(({ sizes }) =>
      [...sizes].map(([market, size]) => ({ market: BigInt(market), size: BigInt(size) })),
    ),
    markets: stored.markets.map(({ market, openInterest }) => {
      return { market: BigInt(market), openInterest: BigInt(openInterest) };
    }),
  };
  const blockNumber = BigInt(block);
  const [held, all] = await Promise.all([
    reader.readContract({ ...laws, functionName: 'evaluate', args: [snapshot], blockNumber }),
    reader.readContract({ ...laws, functionName: 'EVALUATED', blockNumber }),
  ]);
  return all !== 0n && held === all;
}

/** Where logs and storage say different things about the same block; empty when they agree. */
export function differences(records: Records, stored: Stored): string[] {
  const wrong: string[] = [];
  const hold = (what: string, logs: unknown, storage: unknown): void => {
    if (String(logs) !== String(storage)) wrong.push(`${what}: logs ${logs}, storage ${storage}`);
  };
  hold('batch', records.batch, stored.batch);
  hold('head', records.head, stored.head);
  hold('liabilities', records.liabilities, stored.liabilities);
  for (const { market, index } of stored.markets) {
    hold(`index of ${market}`, records.marks.get(market)?.index ?? 0n, index);
    const known = records.marks.get(market);
    hold(`prices of ${market}`, [known?.price ?? 0, known?.mark ?? 0], stored.prices.get(market));
  }
  if (stored.accounts.length === 0) return wrong;
  const known = new Set(stored.accounts.map(({ id }) => id));
  const strange = [...records.accounts.keys()].filter((id) => !known.has(id));
  hold('accounts that storage lacks', strange, []);
  for (const account of stored.accounts) {
    // A fund that no log has named yet is empty.
    const isFund = account.id >= firstFundAccount;
    const row = records.accounts.get(account.id) ?? (isFund ? noRow(account.owner) : undefined);
    hold(`account ${account.id}`, row && accountText(row), accountText(account));
  }
  return wrong;
}

/** Lanes whose storage at a block is not what the logs make of them; empty when all agree. */
export async function laneDifferences(
  venue: Venue,
  records: Records,
  block: number,
): Promise<string[]> {
  const reader = createChainReader(chainAccess(venue));
  const wrong: string[] = [];
  const all = [...records.lanes];
  for (let at = 0; at < all.length; at += 100) {
    const part = all.slice(at, at + 100);
    const contracts = part.map(([name]) => ({
      address: venue.contracts.clearingHouse,
      abi: clearingHouseAbi,
      functionName: 'lane' as const,
      args: name.split('/').map(Number) as [number, number],
    }));
    const how = { blockNumber: BigInt(block), allowFailure: false, deployless: true } as const;
    const found = await reader.multicall({ contracts, ...how });
    part.forEach(([name, { seq, filled }], i) => {
      const stored = String(found[i]);
      if (stored !== `${seq},${filled}`) wrong.push(`lane ${name}: ${seq},${filled} not ${stored}`);
    });
  }
  return wrong;
}
