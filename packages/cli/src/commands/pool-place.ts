/** What pool commands work with: the pool's folder beside the venue, the secret, the chain. */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { iConfidentialPoolAbi, iProofRegistryAbi } from '@holdfast/abi';
import { ensurePrivateDir, readJson, writeJsonAtomic } from '@holdfast/host';
import { root } from '@holdfast/host/programs';
import type { MemberRecord, PoolInfo } from '@holdfast/pool';
import { EnvironmentError, type Hex } from '@holdfast/units';
import type { Abi } from 'viem';
import { z } from 'zod';
import { UsageError } from '../failure.ts';
import { parseAddress } from '../parse.ts';
import { agreed, type Session } from '../session.ts';

export type PoolOptions = {
  readonly pool?: string;
  readonly operator?: string;
  readonly keys?: string;
};

const placeSchema = z.strictObject({
  pool: z.custom<Hex>(),
  /** Where its operator answers. */
  operator: z.string().optional(),
  /** Folder of the circuits' keys. */
  keys: z.string().optional(),
});
export type Place = z.infer<typeof placeSchema>;

const poolsDir = (s: Session): string => join(s.dir, 'pools');
export const poolDir = (s: Session, pool: Hex): string => join(poolsDir(s), pool.toLowerCase());

/** The pool that is meant: as told, else the only one known here. @throws UsageError */
export function placeOf(s: Session, options: PoolOptions): Place {
  const dir = poolsDir(s);
  const known = existsSync(dir) ? readdirSync(dir).filter((name) => name.startsWith('0x')) : [];
  const told = options.pool === undefined ? undefined : parseAddress(options.pool);
  if (told === undefined && known.length !== 1) {
    const names = known.join(', ') || 'none';
    throw new UsageError(`give the pool by --pool; known here: ${names}`);
  }
  const pool = (told ?? (known[0] as Hex)).toLowerCase() as Hex;
  const path = join(dir, pool, 'pool.json');
  const kept = existsSync(path) ? placeSchema.parse(readJson(path, 'pool')) : { pool };
  const operator = options.operator ?? kept.operator;
  const keys = options.keys === undefined ? kept.keys : resolve(s.io.cwd, options.keys);
  return { pool, ...(operator ? { operator } : {}), ...(keys ? { keys } : {}) };
}

export async function keepPlace(s: Session, place: Place): Promise<void> {
  ensurePrivateDir(poolsDir(s));
  ensurePrivateDir(poolDir(s, place.pool));
  await writeJsonAtomic(join(poolDir(s, place.pool), 'pool.json'), place);
}

/** The member's secret in a pool, made when there is none. */
export async function secretOf(s: Session, pool: Hex, member: Hex, mayMake: boolean) {
  const { newSecret } = await import('@holdfast/pool');
  const path = join(poolDir(s, pool), `secret-${member.toLowerCase()}.json`);
  if (existsSync(path)) {
    return BigInt(z.strictObject({ secret: z.string() }).parse(readJson(path, 'secret')).secret);
  }
  if (!mayMake) throw new EnvironmentError('SecretMissing', `there is no ${path}`);
  const secret = newSecret();
  ensurePrivateDir(poolsDir(s));
  ensurePrivateDir(poolDir(s, pool));
  await writeJsonAtomic(path, { secret: `${secret}` });
  return secret;
}

const recordPath = (s: Session, pool: Hex, member: Hex): string =>
  join(poolDir(s, pool), `record-${member.toLowerCase()}.json`);

/** What the member keeps of its orders and of what it shares with the operator. */
export async function recordOf(s: Session, pool: Hex, member: Hex): Promise<MemberRecord> {
  const { emptyRecord, recordSchema } = await import('@holdfast/pool');
  const path = recordPath(s, pool, member);
  if (!existsSync(path)) return emptyRecord;
  const read = recordSchema.safeParse(readJson(path, 'record'));
  if (read.success) return read.data;
  throw new EnvironmentError('RecordMalformed', `${path} is no record of a member`);
}

export async function keepRecord(s: Session, pool: Hex, member: Hex, record: MemberRecord) {
  const { shared, orders } = record;
  ensurePrivateDir(poolsDir(s));
  ensurePrivateDir(poolDir(s, pool));
  const text = shared === undefined ? { orders } : { shared: `${shared}`, orders };
  await writeJsonAtomic(recordPath(s, pool, member), text);
}

/** The pool as the chain has it. */
export async function poolOn(s: Session, place: Place) {
  const { poolInfo } = await import('@holdfast/pool');
  return poolInfo(s.dir, place.pool, { rpcUrl: s.globals.rpc });
}

/** Sends a call of the pool or its registry, with the chosen key. */
export async function send(
  s: Session,
  info: Pick<PoolInfo, 'pool' | 'registry'>,
  at: 'pool' | 'registry',
  functionName: string,
  args: readonly unknown[],
  value?: bigint,
) {
  const abi = (at === 'pool' ? iConfidentialPoolAbi : iProofRegistryAbi) as Abi;
  const call = { address: info[at], abi, functionName, args };
  const client = await s.client('sign');
  return agreed(await client.chain().call(value === undefined ? call : { ...call, value }));
}

/** The prover of a circuit from a folder of keys. @throws EnvironmentError */
export async function proverOf(place: Place, name: 'solvency' | 'margin', size: number) {
  const node = await import('@holdfast/proof/node');
  const { keys } = place;
  if (keys === undefined) {
    throw new EnvironmentError('KeysMissing', 'give the folder of the circuits’ keys by --keys');
  }
  const names = node.keyNames(name, size);
  const key = node.loadKey(join(keys, names.key));
  const tools = node.toolbox(root);
  const circuit = await node.compileCircuit(tools, name, size);
  const native = node.findNative();
  const provingKey = join(keys, names.provingKey);
  return { tools, circuit, key, provingKey, ...(native ? { native } : {}) };
}

/** Which sizes of chunks a folder of keys has. @throws EnvironmentError `KeysMissing` */
export function keySize(dir: string): number {
  const names = existsSync(dir) ? readdirSync(dir) : [];
  const found = names.flatMap((name) => /^solvency-(\d+)\.key\.json$/.exec(name)?.[1] ?? []);
  if (found.length === 1) return Number(found[0]);
  throw new EnvironmentError('KeysMissing', `${dir} holds ${found.length} solvency keys, not one`);
}
