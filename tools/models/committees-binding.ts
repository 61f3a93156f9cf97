/** The model of committees carried out by `Committees`, with keys and signatures of its suite. */
import { breakerAbi, breakerBytecode, committeesAbi, committeesBytecode } from '@holdfast/abi';
import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js';
import { type Hex, hashTypedData, hexToBytes, keccak256, toHex } from 'viem';
import { breakerTerms } from './breaker.ts';
import { type CommitteeState, committeeTerms, type PendingKey } from './committees.ts';
import type { Action } from './model.ts';
import {
  type Binding,
  callOf,
  created,
  creationOf,
  party,
  type Word,
  wordContract,
} from './program.ts';

const { Point } = secp256k1;
const { Fn } = Point;
const id = 1;
const chainId = 31_337;
const DST = 'FROST-secp256k1-SHA256-v1chal';

const governor = party(1);
const guardian = party(2);
const anyone = party(3);
const callers: Readonly<Record<string, Hex>> = { governor, guardian, anyone };

/** The governor is the word of one contract; guardians are those of a breaker. */
const [governed, guardians] = [created(0), created(1)];
const registry = { abi: committeesAbi, address: created(2) };

/**
 * A key of the model: its point, and one nonce for all signatures. That gives the secret away, and
 * nothing is secret here: what a signature costs is then one hash.
 */
type Key = {
  readonly secret: bigint;
  readonly nonce: bigint;
  readonly compressed: Uint8Array;
  readonly r: { readonly compressed: Uint8Array; readonly x: bigint; readonly y: bigint };
  readonly candidate: {
    readonly x: bigint;
    readonly isOdd: boolean;
    readonly threshold: number;
    readonly size: number;
    readonly roster: Hex;
  };
};

function keyOf(number: number): Key {
  const [secret, nonce] = [BigInt(1_000 + number), BigInt(2_000 + number)];
  const [point, r] = [Point.BASE.multiply(secret), Point.BASE.multiply(nonce)];
  const { x, y } = point.toAffine();
  return {
    secret,
    nonce,
    compressed: point.toBytes(true),
    r: { compressed: r.toBytes(true), ...r.toAffine() },
    candidate: {
      x,
      isOdd: y % 2n === 1n,
      threshold: 2,
      size: 3,
      roster: keccak256(toHex(number)),
    },
  };
}
const keys = [1, 2, 3].map(keyOf);
const keyAt = (number: number): Key => keys[number - 1]!;

function sign(key: Key, digest: Hex) {
  const message = Buffer.concat([key.r.compressed, key.compressed, hexToBytes(digest)]);
  const challenge = secp256k1_hasher.hashToScalar(message, { DST });
  const z = Fn.add(key.nonce, Fn.mul(challenge, key.secret));
  return { rx: key.r.x, ry: key.r.y, z };
}

const domain = {
  name: 'Holdfast Committees',
  version: '1',
  chainId,
  verifyingContract: registry.address,
} as const;
const facts = [
  { name: 'x', type: 'uint256' },
  { name: 'isOdd', type: 'bool' },
  { name: 'threshold', type: 'uint8' },
  { name: 'size', type: 'uint8' },
  { name: 'roster', type: 'bytes32' },
] as const;
const place = [
  { name: 'committee', type: 'uint8' },
  { name: 'generation', type: 'uint32' },
] as const;
const types = {
  ProofOfLife: [...place, ...facts],
  Rotation: [...place, { name: 'number', type: 'uint32' }, ...facts],
} as const;

const life = (generation: number, to: number, by = to) =>
  sign(
    keyAt(by),
    hashTypedData({
      domain,
      types,
      primaryType: 'ProofOfLife',
      message: { committee: id, generation, ...keyAt(to).candidate },
    }),
  );

const consent = (generation: number, number: number, from: number, to: number) =>
  sign(
    keyAt(from),
    hashTypedData({
      domain,
      types,
      primaryType: 'Rotation',
      message: { committee: id, generation, number, ...keyAt(to).candidate },
    }),
  );

function argsOf(s: CommitteeState, { name, args }: Action): readonly unknown[] {
  const next = s.generation + 1;
  const [from = 0, to = 0] = args;
  if (name === 'proposeReplacement') return [id, keyAt(from).candidate, life(next, from)];
  if (!name.endsWith('Rotation') && name !== 'proposeRogue') return [id];
  if (args.length === 0) return [id];
  // What was signed for the number before is spent; before the first one there is none.
  const number = name === 'replayRotation' ? (s.rotations + 2 ** 32 - 1) % 2 ** 32 : s.rotations;
  const proof = name === 'proposeRogue' ? life(next, to, from) : life(next, to);
  return [id, keyAt(to).candidate, proof, consent(next, number, from, to)];
}

const renamed: Readonly<Record<string, string>> = {
  replayRotation: 'proposeRotation',
  proposeRogue: 'proposeRotation',
};
const isSigned = ({ name }: Action): boolean => name.startsWith('propose') || name in renamed;

function wordsOf(number: number | undefined): Word[] {
  if (number === undefined) return [0, 0, 0, 0, 0];
  const { x, isOdd, threshold, size, roster } = keyAt(number).candidate;
  return [x, isOdd, threshold, size, roster];
}
const pendingWords = (pending: PendingKey | undefined): Word[] => [
  ...wordsOf(pending?.to),
  pending?.readyAt ?? 0,
];

/** The committee's first key is in force from the constructor on. */
export function committeeBinding(initial: CommitteeState): Binding<CommitteeState> {
  const first = { id, candidate: keyAt(initial.key).candidate, life: life(1, initial.key) };
  const { rotationDelaySeconds, replacementDelaySeconds } = committeeTerms;
  const delays = [BigInt(rotationDelaySeconds), BigInt(replacementDelaySeconds)];
  const view = (name: string) => callOf(registry, anyone, name, [id]);
  const word = (address: Hex) => `0x00000000${address.slice(2).padStart(64, '0')}` as const;
  return {
    creations: [
      wordContract,
      creationOf(breakerAbi, breakerBytecode, [governed, [guardian], breakerTerms]),
      creationOf(committeesAbi, committeesBytecode, [governed, guardians, ...delays, [first]]),
    ],
    setup: [{ from: anyone, to: governed, data: word(governor) }],
    views: [view('committee'), view('pendingRotation'), view('pendingReplacement')],
    call: (s, action) =>
      callOf(registry, callers[action.by]!, renamed[action.name] ?? action.name, argsOf(s, action)),
    varies: isSigned,
    expected: (s): Word[] => {
      const { x, isOdd, threshold, size, roster } = keyAt(s.key).candidate;
      const counts = [s.generation, s.rotations];
      return [
        ...[x, isOdd, s.isRevoked, threshold, size, ...counts, roster],
        ...pendingWords(s.rotation),
        ...pendingWords(s.replacement),
      ];
    },
  };
}
