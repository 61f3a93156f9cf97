/**
 * What everybody has: cash and positions at the venue, tokens in wallets, withdrawals that wait.
 * Both sides are added up on their own; nothing is inferred from what the other lacks.
 */
import { vaultAbi } from '@holdfast/abi';
import type { Hex } from '@holdfast/units';
import { type AbiEvent, parseEventLogs, toEventSelector } from 'viem';
import type { ContractName, Ground, Reading } from './ground.ts';

/** Quote units. */
export interface Worth {
  readonly others: bigint;
  readonly attackers: bigint;
  /** Of others, in the vault's queue. */
  readonly locked: bigint;
  /** What claims exceed the vault's tokens by: taken off others. */
  readonly shortfall: bigint;
}

const q32 = 2n ** 32n;
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

interface Row {
  readonly owner: Hex;
  readonly cashQ32: bigint;
  readonly positions: readonly { market: number; size: bigint }[];
}

/** Equity in quote units, rounded down, at these prices (ticks by market). */
export function equityOf(
  row: Row,
  markets: ReadonlyMap<number, { tickValue: bigint; index: bigint; price: bigint }>,
): bigint {
  let worth = row.cashQ32;
  for (const { market, size } of row.positions) {
    const at = markets.get(market);
    if (at !== undefined) worth += size * (((at.price * at.tickValue) << 32n) - at.index);
  }
  return worth >= 0n ? worth / q32 : -((-worth + q32 - 1n) / q32);
}

/** The sums, given every claim and every wallet; pure, so that it can be tested. */
export function settleWorth(given: {
  readonly claims: readonly { readonly isAttacker: boolean; readonly equity: bigint }[];
  readonly wallets: readonly { readonly isAttacker: boolean; readonly quote: bigint }[];
  readonly queued: readonly { readonly isAttacker: boolean; readonly quote: bigint }[];
  /** Tokens of the vault, quote units. */
  readonly custody: bigint;
}): Worth {
  const sums = { others: 0n, attackers: 0n };
  let owed = 0n;
  let locked = 0n;
  const add = (isAttacker: boolean, quote: bigint): void => {
    sums[isAttacker ? 'attackers' : 'others'] += quote;
  };
  for (const { isAttacker, equity } of given.claims) {
    // Nobody pays for its own bankruptcy: what is below zero is somebody else's shortfall.
    const claim = larger(equity, 0n);
    add(isAttacker, claim);
    owed += claim;
  }
  for (const { isAttacker, quote } of given.queued) {
    add(isAttacker, quote);
    owed += quote;
    if (!isAttacker) locked += quote;
  }
  for (const { isAttacker, quote } of given.wallets) add(isAttacker, quote);
  const shortfall = larger(owed - given.custody, 0n);
  return { others: sums.others - shortfall, attackers: sums.attackers, locked, shortfall };
}

/** What all sums are made of, in one request. */
async function readAll(world: Ground, prices: ReadonlyMap<number, number>, wallets: Hex[]) {
  const { markets, contracts } = world.venue;
  const count = Number(await world.read('clearingHouse', 'accountsCount'));
  const funds = markets.map(({ id }) => 2 ** 32 - 256 + id);
  const ids = [...Array.from({ length: count }, (_, id) => id), ...funds];
  const ask = (contract: ContractName, functionName: string, ...args: unknown[]): Reading => ({
    contract,
    functionName,
    args,
  });
  const answers = await world.readMany([
    ...ids.map((id) => ask('clearingHouse', 'account', id)),
    ...markets.map(({ id }) => ask('clearingHouse', 'market', id)),
    ...[contracts.vault, ...wallets].map((address) => ask('token', 'balanceOf', address)),
  ]);
  const accounts = answers.splice(0, ids.length) as [
    Hex,
    bigint,
    number,
    { market: number; size: bigint }[],
  ][];
  const indexes = answers.splice(0, markets.length) as [bigint][];
  const rows = accounts.map(([owner, cashQ32, , positions]): Row => {
    const wide = positions.map(({ market, size }) => ({ market, size: BigInt(size) }));
    return { owner, cashQ32, positions: wide };
  });
  const valued = markets.map(({ id, tickValue }, i) => {
    const price = BigInt(prices.get(id) ?? 0);
    const index = (indexes[i] as [bigint])[0];
    return [id, { tickValue: BigInt(tickValue), index, price }] as const;
  });
  const [custody = 0n, ...balances] = answers as bigint[];
  return { rows, markets: new Map(valued), custody, balances };
}

const queueEvents = ['Queued', 'Released', 'Returned', 'Undeliverable'] as const;
const queueTopics = (vaultAbi as readonly { type: string; name?: string }[])
  .filter(({ type, name }) => type === 'event' && queueEvents.includes(name as never))
  .map((event) => toEventSelector(event as AbiEvent));

/** Withdrawals that wait in the vault, as its logs tell. */
async function queuedOf(world: Ground): Promise<{ to: Hex; amount: bigint }[]> {
  const { vault } = world.venue.contracts;
  const filter = { address: vault, fromBlock: '0x0', toBlock: 'latest', topics: [queueTopics] };
  const raw = (await world.rpc('eth_getLogs', [filter])) as never[];
  const waiting = new Map<bigint, { to: Hex; amount: bigint }>();
  for (const { eventName, args } of parseEventLogs({ abi: vaultAbi, logs: raw })) {
    if (eventName === 'Queued') waiting.set(args.id, { to: args.to, amount: args.amount });
    else if (eventName === 'Returned') waiting.delete(args.id);
    else if (eventName === 'Released') {
      const before = waiting.get(args.id);
      if (before !== undefined) waiting.set(args.id, { ...before, amount: args.left });
    }
  }
  return [...waiting.values()];
}

/** What everybody has now, at these prices. */
export async function worthOf(world: Ground, prices: ReadonlyMap<number, number>): Promise<Worth> {
  const hostile = world.attackers();
  const isAttacker = (address: string): boolean => hostile.has(address.toLowerCase());
  const known = [...world.people()].map(({ address }) => address.toLowerCase() as Hex);
  const addresses = [...new Set(known)];
  const [{ rows, markets, custody, balances }, queued] = await Promise.all([
    readAll(world, prices, addresses),
    queuedOf(world),
  ]);
  const wallets = addresses.map((address, i) => ({
    isAttacker: isAttacker(address),
    quote: (balances[i] ?? 0n) / world.scale,
  }));
  return settleWorth({
    claims: rows.map((row) => ({
      isAttacker: isAttacker(row.owner),
      equity: equityOf(row, markets),
    })),
    wallets,
    queued: queued.map(({ to, amount }) => ({
      isAttacker: isAttacker(to),
      quote: amount / world.scale,
    })),
    custody: custody / world.scale,
  });
}
