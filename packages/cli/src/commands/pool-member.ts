/** pool join, deposit, order, holdings, payout, inclusion: what a member does. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { iConfidentialPoolAbi, iProofRegistryAbi } from '@holdfast/abi';
import { sleep, writeFileAtomic } from '@holdfast/host';
import type { Holdings, Opening } from '@holdfast/pool';
import {
  marketBy,
  parseTokens,
  priceToTicks,
  showQuote,
  showSize,
  sizeToLots,
} from '@holdfast/sdk';
import {
  EnvironmentError,
  type Hex,
  isRejection,
  parseExact,
  stringifyExact,
} from '@holdfast/units';
import { erc20Abi } from 'viem';
import { clockTimeOrNone, pairs, type Result, table } from '../io.ts';
import { parseAddress, parseDuration, parseSide, parseTimeInForce } from '../parse.ts';
import { agreed, type Session } from '../session.ts';
import {
  keepPlace,
  keepRecord,
  type Place,
  type PoolOptions,
  placeOf,
  poolDir,
  poolOn,
  recordOf,
  secretOf,
  send,
} from './pool-place.ts';

/** The operator's address, or what to do without. */
function operatorUrl(place: Place): string {
  if (place.operator !== undefined) return place.operator;
  throw new EnvironmentError('OperatorMissing', 'give the operator’s url by --operator');
}

type MemberClient = Awaited<ReturnType<typeof memberAt>>['member'];

export async function memberAt(s: Session, options: PoolOptions) {
  const { createMember } = await import('@holdfast/pool');
  const place = placeOf(s, options);
  const { info, reader } = await poolOn(s, place);
  const { clock } = await s.info();
  const signer = await s.signer();
  const member = createMember(info, operatorUrl(place), signer, () => clock.now());
  return { place, info, reader, member, signer, clock };
}

export async function join_(s: Session, options: PoolOptions): Promise<Result> {
  const { keyOf } = await import('@holdfast/pool');
  const { place, info, member, signer } = await memberAt(s, options);
  await keepPlace(s, place);
  const secret = await secretOf(s, place.pool, signer.address, true);
  const key = keyOf(secret, signer.address);
  const { admission } = agreed(await member.admission(key));
  const done = await send(s, info, 'pool', 'join', [key, admission]);
  await keepShared(s, place.pool, member);
  const file = join(poolDir(s, place.pool), `secret-${signer.address.toLowerCase()}.json`);
  return {
    data: { ...done, key: `${key}` },
    text: `joined as ${signer.address}\nthe secret is in ${file}: keep a copy, nobody else has it`,
    next: 'holdfast pool deposit 1000',
  };
}

const sharedTries = 40;
const sharedMs = 500;

/** Keeps what the salts come from. The operator has to see the joining first. */
async function keepShared(s: Session, pool: Hex, member: MemberClient): Promise<void> {
  for (let tries = 1; ; tries++) {
    const view = await member.holdings();
    if (!isRejection(view)) return keepIt(s, pool, member.member, view);
    if (tries === sharedTries) agreed(view);
    await sleep(sharedMs);
  }
}

/** Keeps what a leaf is made of without the operator: its secret, and lanes of its closings. */
async function keepIt(
  s: Session,
  pool: Hex,
  member: Hex,
  { shared, closings }: Pick<Holdings, 'shared' | 'closings'>,
): Promise<void> {
  const { withClosings } = await import('@holdfast/pool');
  const before = await recordOf(s, pool, member);
  if (before.shared === undefined || before.shared === shared) {
    const record = withClosings({ ...before, shared }, closings);
    if (record.orders !== before.orders || before.shared === undefined) {
      await keepRecord(s, pool, member, record);
    }
    return;
  }
  const text = 'the operator gives another secret of salts than the one that is kept here';
  agreed({ code: 'SharedDiffers', message: text });
}

export type DepositOptions = PoolOptions & { readonly for?: string };

export async function deposit(s: Session, text: string, options: DepositOptions): Promise<Result> {
  const place = placeOf(s, options);
  const { info } = await poolOn(s, place);
  const client = await s.client('sign');
  const { token } = client.info;
  const amount = agreed(parseTokens(text, token.decimals));
  const approve = { address: token.address, abi: erc20Abi, functionName: 'approve' };
  agreed(await client.chain().call({ ...approve, args: [info.pool, amount] }));
  const { address } = await s.signer();
  const member = options.for === undefined ? address : parseAddress(options.for);
  const done = await send(s, info, 'pool', 'deposit', [member, amount]);
  return {
    data: done,
    text: pairs([
      ['deposited', `${text} ${token.symbol}`],
      ['transaction', done.tx],
    ]),
  };
}

export type OrderOptions = PoolOptions & {
  readonly price: string;
  readonly tif?: string;
  readonly postOnly?: boolean;
  readonly life: string;
};

export async function order(
  s: Session,
  name: string,
  side: string,
  size: string,
  options: OrderOptions,
): Promise<Result> {
  const { place, member, clock } = await memberAt(s, options);
  const { markets } = await s.info();
  const market = agreed(marketBy(markets, name));
  const tif = options.tif === undefined ? 'GTC' : parseTimeInForce(options.tif);
  const placed = agreed(
    await member.order({
      market: market.id,
      isBuy: parseSide(side) === 'buy',
      size: agreed(sizeToLots(market, size)),
      price: agreed(priceToTicks(market, options.price)),
      timeInForce: tif === 'IOC' ? 1 : tif === 'FOK' ? 2 : 0,
      postOnly: options.postOnly ?? false,
      expiry: clock.now() + parseDuration(options.life),
      nonce: Date.now(),
    }),
  );
  const { withOrder } = await import('@holdfast/pool');
  const { lane, seq } = placed;
  const nonce = Number(placed.nonce);
  const record = await recordOf(s, place.pool, member.member);
  await keepRecord(s, place.pool, member.member, withOrder(record, { nonce, lane, seq }));
  const { status, code, message } = placed as { status: string; code?: string; message?: string };
  if (status === 'rejected') agreed({ code: code ?? 'Rejected', message: message ?? '' });
  return { data: placed, text: `${status} as ${JSON.stringify(placed.nonce)}` };
}

export async function cancel(s: Session, nonce: string | undefined, options: PoolOptions) {
  const { member } = await memberAt(s, options);
  const { cancelled } = agreed(await member.cancel(Number(nonce ?? 0)));
  return { data: { cancelled }, text: `${cancelled.length} orders` };
}

export async function holdings(s: Session, options: PoolOptions): Promise<Result> {
  const { place, member } = await memberAt(s, options);
  const view = agreed(await member.holdings());
  await keepIt(s, place.pool, member.member, view);
  const { markets } = await s.info();
  const own = view.orders.filter(({ isClosing }) => isClosing !== true).length;
  const rows = view.positions.map(({ market, size }) => {
    const found = agreed(marketBy(markets, market));
    return [found.symbol, showSize(found, size)];
  });
  const head = pairs([
    ['member', `${view.number}`],
    ['equity', showQuote(view.equity)],
    ['initial margin', showQuote(view.initial)],
    ['maintenance margin', showQuote(view.maintenance)],
    ['open orders', `${own}`],
    ...(view.equity < view.maintenance
      ? ([['state', 'below maintenance: the operator closes you; deposit to end it']] as const)
      : []),
    ...(view.closings.length === 0
      ? []
      : ([['closed by the operator', `${view.closings.length} times`]] as const)),
  ]);
  const { opening: _, snapshot: __, shared: ___, ...data } = view;
  return {
    data,
    text: rows.length === 0 ? head : `${head}\n\n${table([['market', 'size'], ...rows])}`,
    ...(view.closings.length === 0 ? {} : { next: 'holdfast pool closings' }),
  };
}

export type PayoutOptions = PoolOptions & { readonly to?: string; readonly life: string };

export async function payout(s: Session, text: string, options: PayoutOptions): Promise<Result> {
  const { member, clock } = await memberAt(s, options);
  const { token } = await s.info();
  const amount = agreed(parseTokens(text, token.decimals));
  const to = options.to === undefined ? member.member : parseAddress(options.to);
  const expiry = clock.now() + parseDuration(options.life);
  const done = agreed(await member.payout(amount, to, BigInt(Date.now()), expiry));
  return { data: done, text: `paid ${text} ${token.symbol} to ${to}` };
}

/** State of the pool from the chain alone. */
export async function status(s: Session, options: PoolOptions): Promise<Result> {
  const place = placeOf(s, options);
  const { info, reader } = await poolOn(s, place);
  const pool = { address: info.pool, abi: iConfidentialPoolAbi } as const;
  const registry = { address: info.registry, abi: iProofRegistryAbi } as const;
  const [members, lapsedTime, freshUntil, epochs, last, pending] = await Promise.all([
    reader.readContract({ ...pool, functionName: 'memberCount' }),
    reader.readContract({ ...pool, functionName: 'lapsedTime' }),
    reader.readContract({ ...registry, functionName: 'freshUntil' }),
    reader.readContract({ ...registry, functionName: 'epochs' }),
    reader.readContract({ ...registry, functionName: 'provenLast' }),
    reader.readContract({ ...registry, functionName: 'pendingCircuits' }),
  ]);
  const { timestamp } = await reader.getBlock();
  const now = Number(timestamp);
  const state = lapsedTime !== 0 ? 'lapsed' : freshUntil >= now ? 'fresh' : 'stale: reduce-only';
  const lapsesAt = last[1] === 0 ? 0 : last[1] + info.exitSeconds;
  const data = { pool: info.pool, account: info.account, state, members, freshUntil, lapsedTime };
  return {
    data: { ...data, proven: last[0], opened: epochs[1], lapsesAt, circuitsReadyAt: pending[1] },
    text: pairs([
      ['pool', info.pool],
      ['account', `${info.account}`],
      ['state', state],
      ['members', `${members}`],
      ['epoch', `${epochs[1]} opened, ${last[0]} proven`],
      ['fresh until', clockTimeOrNone(freshUntil)],
      ['may be wound up from', clockTimeOrNone(lapsesAt)],
      ...(lapsedTime === 0 ? [] : ([['wound up', clockTimeOrNone(lapsedTime)]] as const)),
      ...(pending[1] === 0
        ? []
        : ([['other circuits from', clockTimeOrNone(pending[1])]] as const)),
    ]),
  };
}

export type Kept = { readonly opening: Opening; readonly snapshot: object };

const openingPath = (s: Session, pool: Hex, member: Hex, number: number): string =>
  join(poolDir(s, pool), `opening-${member.toLowerCase()}-${number}.json`);

export const hasOpening = (s: Session, pool: Hex, member: Hex, number: number): boolean =>
  existsSync(openingPath(s, pool, member, number));

/** The member's openings that are kept here, by the epoch's number. */
export function keptOpening(s: Session, pool: Hex, member: Hex, number: number): Kept {
  const path = openingPath(s, pool, member, number);
  if (existsSync(path)) return parseExact(readFileSync(path, 'utf8')) as Kept;
  const dir = poolDir(s, pool);
  const all = existsSync(dir) ? readdirSync(dir) : [];
  const have = all.filter((name) => name.startsWith(`opening-${member.toLowerCase()}`)).length;
  const text = `the leaf of epoch ${number} is not kept here (${have} others are): without it`;
  throw new EnvironmentError('OpeningMissing', `${text} there is no exit`);
}

export type InclusionOptions = PoolOptions & { readonly every?: string };

/** Once, or again and again until it is interrupted: only the newest leaf leads out. */
export async function inclusion(s: Session, options: InclusionOptions): Promise<Result> {
  const { every } = options;
  if (every === undefined) return keepAnyhow(s, options);
  const ms = Math.max(parseDuration(every), 1) * 1000;
  for (;;) {
    const told = await keepAnyhow(s, options).then(
      ({ text }) => text,
      (error: unknown) => `not kept: ${(error as Error).message}`,
    );
    s.io.out(`${told}\n`);
    await sleep(ms);
    if (s.io.signal.aborted) return { data: { stopped: true }, text: 'stopped' };
  }
}

/** The leaf of the newest proven epoch from the chain and the member's record, and keeps it. */
export async function leafFromChain(s: Session, options: PoolOptions): Promise<Result> {
  const { openFromChain } = await import('@holdfast/pool');
  const place = placeOf(s, options);
  const { info, reader } = await poolOn(s, place);
  const owner = s.address();
  if (!owner) throw new EnvironmentError('KeyMissing', `there is no key "${s.keyName}"`);
  const number = await reader.readContract({
    address: info.pool,
    abi: iConfidentialPoolAbi,
    functionName: 'numberOf',
    args: [owner],
  });
  const record = await recordOf(s, place.pool, owner);
  const { opening, snapshot } = agreed(await openFromChain(reader, info, number, record));
  const path = openingPath(s, place.pool, owner, snapshot.number);
  await writeFileAtomic(path, stringifyExact({ opening, snapshot }), 0o600);
  return {
    data: { epoch: snapshot.number, number, kept: path, from: 'chain' },
    text: pairs([
      ['epoch', `${snapshot.number}: included as member ${number}, by the chain and own orders`],
      ['cash', showQuote(opening.cash >> 32n)],
      ['kept', path],
    ]),
  };
}

/** By the operator's answer; when it gives none, by the chain and the member's own record. */
async function keepAnyhow(s: Session, options: PoolOptions): Promise<Result> {
  try {
    return await keepLeaf(s, options);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== 'OperatorGone' && code !== 'OperatorBroken' && code !== 'OperatorMissing') {
      throw error;
    }
    s.io.err(`${(error as Error).message}: the chain and your own record are asked\n`);
    return leafFromChain(s, options);
  }
}

/** Asks for the leaf of the newest epoch, judges it against the chain, and keeps it. */
async function keepLeaf(s: Session, options: PoolOptions): Promise<Result> {
  const { inclusionFault, keyOf, saltOf } = await import('@holdfast/pool');
  const { place, info, reader, member } = await memberAt(s, options);
  const view = agreed(await member.holdings());
  const { opening, snapshot, next, shared } = view;
  await keepIt(s, place.pool, member.member, view);
  if (next?.opening !== undefined) {
    // Not proven yet, so there is no root to judge it by; the next run does.
    const path = openingPath(s, place.pool, member.member, next.snapshot.number);
    await writeFileAtomic(path, stringifyExact(next), 0o600);
  }
  if (opening === undefined || snapshot === undefined) {
    throw new EnvironmentError('EpochMissing', 'no epoch with this member is proven yet');
  }
  const secret = await secretOf(s, place.pool, member.member, false);
  const pool = { address: info.pool, abi: iConfidentialPoolAbi } as const;
  const registry = { address: info.registry, abi: iProofRegistryAbi } as const;
  const who = [member.member] as const;
  const number = await reader.readContract({ ...pool, functionName: 'numberOf', args: who });
  const chunk = Math.floor(number / snapshot.chunkMembers);
  const at = [snapshot.number, chunk] as const;
  const root = await reader.readContract({ ...registry, functionName: 'chunkRoot', args: at });
  const id = await reader.readContract({
    ...registry,
    functionName: 'provenId',
    args: [snapshot.number],
  });
  const chain = { root, chunkMembers: snapshot.chunkMembers, number };
  const fault = inclusionFault(opening, keyOf(secret, member.member), chain);
  if (fault) agreed(fault);
  if (opening.epoch !== id) {
    agreed({ code: 'NotIncluded', message: `the opening is of ${opening.epoch}, not of ${id}` });
  }
  if (opening.salt !== saltOf(shared, id)) {
    const message = 'the leaf has a salt that you cannot make: without the operator it is lost';
    agreed({ code: 'SaltDiffers', message });
  }
  const path = openingPath(s, place.pool, member.member, snapshot.number);
  await writeFileAtomic(path, stringifyExact({ opening, snapshot }), 0o600);
  return {
    data: { epoch: snapshot.number, number, kept: path },
    text: pairs([
      ['epoch', `${snapshot.number}: included as member ${number}`],
      ['cash', showQuote(opening.cash >> 32n)],
      ['kept', path],
    ]),
  };
}
