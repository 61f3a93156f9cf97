/** A treasury and its committee, two of three, whose members all sign what a scenario asks them. */
import { groupSignature } from '@holdfast/party';
import { fromHex, type Hex, keccak256, toHex, utf8 } from '@holdfast/units';
import { secp256k1_FROST } from '@noble/curves/secp256k1.js';
import { callAt, dataFor, place, readAt } from './places.ts';
import type { World } from './world.ts';

const treasuryId = 1;
const day = 86_400;
const signers = { min: 2, max: 3 };

/** Bytes from the seed of the run. */
function randomOf(world: World, label: string): (length?: number) => Uint8Array {
  const seed = world.key(label).address;
  let count = 0;
  return (length = 32) => {
    const parts = Array.from({ length: Math.ceil(length / 32) }, () => {
      count += 1;
      return [...keccak256(utf8(`${seed}/${label}/${count}`))];
    });
    return Uint8Array.from(parts.flat().slice(0, length));
  };
}

/** Shares of a generation of the committee, counted from one. */
const dealt = (world: World, generation: number) => {
  const random = randomOf(world, `treasury-${generation}`);
  return secp256k1_FROST.trustedDealer(signers, undefined, undefined, random);
};

/** Signed by the first two members, by RFC 9591. */
function signed(world: World, digest: Hex, generation: number) {
  const { public: keys, secretShares } = dealt(world, generation);
  const message = fromHex(digest);
  const two = Object.values(secretShares).slice(0, signers.min);
  const nonces = two.map((secret) =>
    secp256k1_FROST.commit(secret, randomOf(world, `${digest}/${secret.identifier}`)),
  );
  const commitments = nonces.map((each) => each.commitments);
  const shares = two.map((secret, i) => {
    const own = (nonces[i] as (typeof nonces)[number]).nonces;
    const share = secp256k1_FROST.signShare(secret, keys, own, commitments, message);
    return [secret.identifier, share] as const;
  });
  const whole = secp256k1_FROST.aggregate(keys, commitments, message, Object.fromEntries(shares));
  return groupSignature(toHex(whole));
}

/** A next key of the committee, and its own signature that it lives. */
async function candidateOf(world: World, generation: number) {
  const key = dealt(world, generation).public.commitments[0] as Uint8Array;
  const roster = `0x${'11'.repeat(32)}`;
  const x = BigInt(toHex(key.subarray(1)));
  const candidate = { x, isOdd: key[0] === 3, threshold: 2, size: 3, roster };
  const digest = await readAt(world, 'Committees', 'proofOfLifeDigest', treasuryId, candidate);
  return [candidate, signed(world, digest as Hex, generation)] as const;
}

/** The committee hands over to its second key; anyone may bring that, and apply it a day later. */
export async function handOver(world: World): Promise<void> {
  const expiry = world.memory.time + day;
  const [candidate, life] = await candidateOf(world, 2);
  const asked = [treasuryId, expiry, candidate] as const;
  const digest = await readAt(world, 'Committees', 'rotationDigest', ...asked);
  const args = [...asked, life, signed(world, digest as Hex, 1)];
  await callAt(world, 'keeper', 'Committees', 'proposeRotation', args, 'proposes the next key');
}

/** Registry, treasury, its limits, and whole tokens in it; takes ten days before the story. */
export async function openTreasury(world: World, held: number, dayMax: number): Promise<void> {
  const { parameters, breaker, token } = world.venue.contracts;
  const registry = [parameters, breaker, day, 7 * day, []];
  const committees = await place(world, 'deployer', 'Committees', registry);
  const args = [committees, parameters, breaker, 3_600, day];
  const treasury = await place(world, 'deployer', 'Treasury', args);
  const first = [treasuryId, ...(await candidateOf(world, 1))];
  await callAt(world, 'governor', 'Committees', 'proposeReplacement', first);
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
export async function schedule(world: World, by: string, each: Instruction, generation = 1) {
  const args = [each.nonce, each.expiry, each.targets, each.data] as const;
  const digest = await readAt(world, 'Treasury', 'digest', ...args);
  const more = [...args, signed(world, digest as Hex, generation)];
  return callAt(world, by, 'Treasury', 'schedule', more, `brings ${each.what}`);
}

export const execute = (world: World, by: string, { nonce, targets, data, what }: Instruction) =>
  callAt(world, by, 'Treasury', 'execute', [nonce, targets, data], `carries out ${what}`);
