/** A treasury with a committee whose whole key one hand holds: what its members signed together. */
import { fromHex, type Hex, utf8 } from '@holdfast/units';
import { keccak256 } from 'viem';
import { type Secret, secretOf, signGroup } from '../../../../tools/group-signer.ts';
import { callAt, dataFor, place, readAt } from './places.ts';
import type { World } from './world.ts';

const treasuryId = 1;
const day = 86_400;

const keyOf = (world: World): Secret =>
  secretOf(fromHex(keccak256(utf8(`${world.keys.account('treasury').address} of all`))));

function signed(world: World, digest: unknown) {
  const { rx, ry, z } = signGroup(keyOf(world), fromHex(digest as Hex));
  return { rx, ry, z };
}

/** Registry, treasury, its limits, and whole tokens in it; takes ten days before the story. */
export async function openTreasury(world: World, held: number, dayMax: number): Promise<void> {
  const { parameters, breaker, token } = world.venue.contracts;
  const key = keyOf(world);
  const registry = [parameters, breaker, day, 7 * day, []];
  const committees = await place(world, 'deployer', 'Committees', registry);
  const args = [committees, parameters, breaker, 3_600, day];
  const treasury = await place(world, 'deployer', 'Treasury', args);
  const roster = `0x${'11'.repeat(32)}`;
  const isOdd = key.compressed[0] === 3;
  const candidate = { x: key.x, isOdd, threshold: 2, size: 3, roster };
  const digest = await readAt(world, 'Committees', 'proofOfLifeDigest', treasuryId, candidate);
  const life = [treasuryId, candidate, signed(world, digest)];
  await callAt(world, 'governor', 'Committees', 'proposeReplacement', life);
  const limits = [token, world.tokens(dayMax) / 20n, world.tokens(dayMax)];
  await callAt(world, 'governor', 'Treasury', 'proposeLimit', limits);
  await world.wait(7 * day);
  await callAt(world, 'keeper', 'Committees', 'applyReplacement', [treasuryId]);
  await callAt(world, 'keeper', 'Treasury', 'applyLimit', [token]);
  world.honest('treasury', treasury);
  await world.mint('treasury', held);
}

/** What the committee has signed: a payment, its number, and until when it may be brought. */
export interface Instruction {
  readonly nonce: bigint;
  readonly expiry: number;
  readonly targets: readonly Hex[];
  readonly data: readonly Hex[];
  readonly what: string;
}

export function payment(
  world: World,
  nonce: bigint,
  expiry: number,
  to: Hex,
  tokens: number,
): Instruction {
  const { token } = world.venue.contracts;
  const data = [dataFor('TestToken', 'transfer', [to, world.tokens(tokens)])];
  return { nonce, expiry, targets: [token], data, what: `payment ${nonce} of ${tokens}` };
}

/** Brings an instruction with the committee's signature; anyone may. */
export async function schedule(world: World, by: string, each: Instruction) {
  const args = [each.nonce, each.expiry, each.targets, each.data] as const;
  const digest = await readAt(world, 'Treasury', 'digest', ...args);
  const more = [...args, signed(world, digest)];
  return callAt(world, by, 'Treasury', 'schedule', more, `brings ${each.what}`);
}

export const execute = (world: World, by: string, { nonce, targets, data, what }: Instruction) =>
  callAt(world, by, 'Treasury', 'execute', [nonce, targets, data], `carries out ${what}`);

