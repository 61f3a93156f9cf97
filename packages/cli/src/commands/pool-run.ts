/** pool create, run, epoch: what an operator does. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createChainReader, createChainWriter, createLogger, loadVenue } from '@holdfast/host';
import { root } from '@holdfast/host/programs';
import { parseQuote } from '@holdfast/sdk';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { UsageError } from '../failure.ts';
import { pairs, type Result } from '../io.ts';
import { parseAddress, parseDuration, parsePercent, parseWhole } from '../parse.ts';
import { agreed, type Session } from '../session.ts';
import {
  keepPlace,
  keySize,
  type PoolOptions,
  placeOf,
  poolDir,
  poolOn,
  proverOf,
  secretOf,
  send,
} from './pool-place.ts';

export type CreateOptions = PoolOptions & {
  readonly fresh: string;
  readonly exit: string;
  readonly delay: string;
  readonly markets?: string;
  readonly governor?: string;
  readonly chunk: string;
};

export type ClosingOptions = PoolOptions & { readonly slip?: string; readonly cover?: string };
export type RunOptions = ClosingOptions & { readonly port: string; readonly every: string };

/** Keys of a folder; on a local chain they are made when there are none. */
async function keysFor(s: Session, dir: string, chainId: number, chunk: number): Promise<number> {
  if (existsSync(dir)) return keySize(dir);
  if (chainId !== 31_337) {
    throw new EnvironmentError('KeysMissing', `there is no ${dir}: hold a ceremony first`);
  }
  const { developmentKeys, toolbox } = await import('@holdfast/proof/node');
  const onStep = (what: string): void => s.io.err?.(`${what}\n`);
  const now = Math.floor(Date.now() / 1000);
  await developmentKeys(toolbox(root), dir, { size: chunk, now, onStep });
  return chunk;
}

export async function create(s: Session, options: CreateOptions): Promise<Result> {
  const { deployPool, keyOf } = await import('@holdfast/pool');
  const venue = loadVenue(s.dir);
  const { chainId, blockMs, contracts } = venue;
  const rpcUrl = s.globals.rpc ?? venue.rpcUrl;
  const signer = await s.signer();
  const keys = resolve(s.io.cwd, options.keys ?? join(s.dir, 'pools', 'keys'));
  const chunk = parseWhole(options.chunk, 'chunk', 256);
  const size = await keysFor(s, keys, chainId, chunk);
  const place = { pool: '0x' as Hex, keys };
  const [solvency, margin] = await Promise.all([
    proverOf(place, 'solvency', size),
    proverOf(place, 'margin', size),
  ]);
  const listed = venue.markets.map(({ id }) => id);
  const markets = options.markets?.split(',').map((id) => parseWhole(id, 'market', 255)) ?? listed;
  const access = { rpcUrl, chainId, blockMs };
  const terms = {
    house: contracts.clearingHouse,
    operator: signer.address,
    governor: options.governor === undefined ? signer.address : parseAddress(options.governor),
    delaySeconds: parseDuration(options.delay),
    freshSeconds: parseDuration(options.fresh),
    exitSeconds: parseDuration(options.exit),
    markets,
  };
  const made = await deployPool(
    createChainReader(access),
    createChainWriter(access, signer),
    terms,
    { solvency: solvency.key, margin: margin.key },
  );
  await keepPlace(s, { pool: made.pool, keys });
  const { info } = await poolOn(s, { pool: made.pool });
  const secret = await secretOf(s, made.pool, signer.address, true);
  await send(s, info, 'pool', 'join', [keyOf(secret, signer.address), '0x']);
  return {
    data: { ...made, registry: info.registry, account: info.account },
    text: pairs([
      ['pool', made.pool],
      ['registry', info.registry],
      ['account', `${info.account}`],
      ['operator', `${signer.address}, member 0`],
      ['chunks of', `${size}`],
    ]),
    next: 'holdfast pool deposit 1000 && holdfast pool run',
  };
}

/** How members below maintenance are closed. @throws UsageError */
async function closingOf({ slip, cover }: ClosingOptions) {
  const { closingDefault, slipPpmMax } = await import('@holdfast/pool');
  const slipPpm = slip === undefined ? closingDefault.slipPpm : parsePercent(slip);
  if (slipPpm === 0 || slipPpm > slipPpmMax) {
    throw new UsageError(`--slip is above 0 and at most ${slipPpmMax / 10_000}%`);
  }
  const coverQuote = cover === undefined ? closingDefault.coverQuote : agreed(parseQuote(cover));
  return { slipPpm, coverQuote };
}

async function operatorOf(s: Session, options: ClosingOptions, port: number, epochSeconds: number) {
  const closing = await closingOf(options);
  const { startOperator } = await import('@holdfast/pool');
  const place = placeOf(s, options);
  const { info } = await poolOn(s, place);
  const signer = await s.signer();
  const prover = await proverOf(place, 'solvency', info.chunkMembers);
  const dir = join(poolDir(s, place.pool), 'operator');
  const logger = createLogger('pool');
  const at = { venue: s.dir, pool: place.pool, dir, signer, port, epochSeconds, prover, logger };
  const { rpc, url } = s.globals;
  return startOperator({ ...at, rpcUrl: rpc, url, closing });
}

/** Runs until it is interrupted. */
export async function run(s: Session, options: RunOptions): Promise<Result> {
  const port = parseWhole(options.port, 'port', 65_535);
  const operator = await operatorOf(s, options, port, parseDuration(options.every));
  const place = placeOf(s, options);
  await keepPlace(s, { ...place, operator: operator.url });
  s.io.out(`operator of ${place.pool} at ${operator.url}\n`);
  await new Promise<void>((done) => {
    process.once('SIGINT', done);
    process.once('SIGTERM', done);
  });
  await operator.stop();
  return { data: { stopped: true }, text: 'stopped' };
}

/** Opens and proves one epoch; for an operator that runs no process. */
export async function proveOnce(s: Session, options: ClosingOptions): Promise<Result> {
  const place = placeOf(s, options);
  if (place.operator !== undefined) {
    const isUp = await fetch(`${place.operator}/status`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) throw new UsageError(`the operator at ${place.operator} proves epochs itself`);
  }
  const operator = await operatorOf(s, options, 0, 0);
  try {
    const fault = await operator.epoch();
    if (fault) agreed(fault);
    return { data: operator.status(), text: 'the epoch is proven' };
  } finally {
    await operator.stop();
  }
}
