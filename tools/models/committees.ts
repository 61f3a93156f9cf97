/**
 * One committee of the registry: its key rotates by its own signature or is replaced by the
 * governor. Every key that there is signs at any time, old and stolen ones too; a guardian and
 * strangers try what only others may.
 */

import { type Action, act, type Model, type Result, type Timed, wait } from './model.ts';
import { notReady } from './ready.ts';

const day = 24 * 3_600;

/** Constants of the contract as deployed for the replay. */
export const committeeTerms = {
  rotationDelaySeconds: day,
  replacementDelaySeconds: 2 * day,
  expirySeconds: 7 * day,
} as const;
const terms = committeeTerms;

/**
 * A key that waits. Ghosts: when it was proposed, which key signed for it, whether its own key did,
 * whether it came in time,
 * and whether it was dropped since.
 */
export type PendingKey = {
  readonly to: number;
  readonly readyAt: number;
  readonly proposedAt: number;
  readonly by: number;
  readonly lives: boolean;
  readonly isLate: boolean;
  readonly isDropped: boolean;
};

export type CommitteeState = Timed & {
  /** Number of the key in force, revoked or not. */
  readonly key: number;
  readonly generation: number;
  /** Rotations that were ever proposed. */
  readonly rotations: number;
  readonly isRevoked: boolean;
  readonly rotation: PendingKey | undefined;
  readonly replacement: PendingKey | undefined;
};

const pend = (s: CommitteeState, to: number, by: number, delay: number): PendingKey => ({
  to,
  readyAt: s.now + delay,
  proposedAt: s.now,
  by,
  lives: true,
  isLate: false,
  isDropped: false,
});

type Signing = { readonly spent: boolean; readonly lives: boolean; readonly isLate: boolean };
const honest: Signing = { spent: false, lives: true, isLate: false };

/** By the key `by`; `spent`: with the signature of the rotation before; `isLate`: expired. */
function rotate(
  s: CommitteeState,
  [by, to]: readonly number[],
  { spent, lives, isLate }: Signing,
  mutant: string,
): Result<CommitteeState> {
  if (s.isRevoked && mutant !== 'revoked keys rotate') return 'KeyRevoked';
  if (isLate && mutant !== 'late signatures count') return 'RotationExpired';
  if (by !== s.key && mutant !== 'any key rotates') return 'RotationUnsigned';
  if (spent && (mutant !== 'signatures live on' || s.rotations === 0)) return 'RotationUnsigned';
  if (!lives && mutant !== 'no proof of life') return 'ProofOfLifeWrong';
  const rotation = { ...pend(s, to!, by!, terms.rotationDelaySeconds), lives, isLate };
  return { ...s, rotations: s.rotations + 1, rotation: spent ? dropped(rotation) : rotation };
}

const dropped = (pending: PendingKey | undefined): PendingKey | undefined =>
  pending && { ...pending, isDropped: true };

/** The key of a matured proposal comes into force, and nothing waits any more. */
function install(
  s: CommitteeState,
  pending: PendingKey | undefined,
  mutant: string,
): Result<CommitteeState> {
  const refused = notReady(pending?.readyAt ?? 0, s.now, mutant);
  if (refused) return refused;
  const survives = mutant === 'pending survives';
  return {
    ...s,
    key: pending!.to,
    generation: s.generation + (mutant === 'generation stays' ? 0 : 1),
    isRevoked: false,
    rotation: survives && pending !== s.rotation ? s.rotation : undefined,
    replacement: survives && pending !== s.replacement ? s.replacement : undefined,
  };
}

function govern(s: CommitteeState, { name, args }: Action, mutant: string): Result<CommitteeState> {
  if (name === 'proposeReplacement') {
    const isShort = mutant === 'replacement waits as a rotation';
    const delay = isShort ? terms.rotationDelaySeconds : terms.replacementDelaySeconds;
    return { ...s, replacement: pend(s, args[0]!, 0, delay) };
  }
  if (name === 'cancelReplacement') {
    return s.replacement ? { ...s, replacement: undefined } : 'ProposalMissing';
  }
  // revoke
  if (s.isRevoked) return 'KeyRevoked';
  if (mutant === 'revocation waits') return s;
  const rotation = mutant === 'revocation keeps the rotation' ? s.rotation : undefined;
  return { ...s, isRevoked: true, rotation };
}

function apply(s: CommitteeState, action: Action, mutant: string): Result<CommitteeState> {
  const { by, name, args } = action;
  switch (name) {
    case 'wait':
      return { ...s, now: s.now + args[0]! };
    case 'proposeRotation':
      return rotate(s, args, honest, mutant);
    case 'replayRotation':
      return rotate(s, args, { ...honest, spent: true }, mutant);
    case 'proposeRogue':
      return rotate(s, args, { ...honest, lives: false }, mutant);
    case 'proposeLateRotation':
      return rotate(s, args, { ...honest, isLate: true }, mutant);
    case 'applyRotation':
      return install(s, s.rotation, mutant);
    case 'applyReplacement':
      return install(s, s.replacement, mutant);
    case 'vetoRotation': {
      if (by === 'anyone' && mutant !== 'anyone governs') return 'NotGuardian';
      if (!s.rotation) return 'ProposalMissing';
      return { ...s, rotation: mutant === 'veto keeps' ? dropped(s.rotation) : undefined };
    }
    default:
      if (by !== 'governor' && mutant !== 'anyone governs') return 'NotGovernor';
      return govern(s, action, mutant);
  }
}

function key(s: CommitteeState): string {
  const slot = (pending: PendingKey | undefined): string => {
    if (!pending) return '-';
    const { to, readyAt, proposedAt, by, lives, isLate, isDropped } = pending;
    const dead = s.now > readyAt + terms.expirySeconds;
    const time = dead ? 'x' : `${readyAt - s.now},${readyAt - proposedAt}`;
    return `${to}@${time}${by === s.key}${lives}${isLate}${isDropped}`;
  };
  const first = s.rotations === 0 ? 'first' : '';
  return `${s.key}${s.isRevoked}${first} ${slot(s.rotation)} ${slot(s.replacement)}`;
}

const moments = (s: CommitteeState): number[] =>
  [s.rotation, s.replacement]
    .flatMap((pending) => (pending ? [pending.readyAt, pending.readyAt + terms.expirySeconds] : []))
    .flatMap((time) => [-1, 0, 1].map((by) => time - s.now + by))
    .filter((dt) => dt > 0);

const keys = [1, 2, 3];
const actions: readonly Action[] = [
  wait(day),
  wait(7 * day),
  ...keys.flatMap((from) => keys.map((to) => act('anyone', 'proposeRotation', from, to))),
  act('anyone', 'proposeRogue', 1, 2),
  act('anyone', 'proposeLateRotation', 1, 2),
  act('anyone', 'replayRotation', 1, 2),
  act('anyone', 'replayRotation', 2, 3),
  act('anyone', 'applyRotation'),
  act('anyone', 'applyReplacement'),
  ...keys.map((to) => act('governor', 'proposeReplacement', to)),
  act('guardian', 'proposeReplacement', 2),
  ...['governor', 'guardian', 'anyone'].map((by) => act(by, 'vetoRotation')),
  ...['governor', 'guardian'].flatMap((by) => [act(by, 'cancelReplacement'), act(by, 'revoke')]),
];

export function committeeModel(
  properties: Model<CommitteeState>['properties'],
): Model<CommitteeState> {
  return {
    name: 'committees',
    contracts: ['Committees.sol', 'libraries/Delayed.sol', 'libraries/Schnorr.sol'],
    bounds:
      'one committee and three keys, each of which signs at any time; rotation after one day, ' +
      'replacement after two, steps of one and seven days',
    initial: {
      now: 1_900_800_000,
      key: 1,
      generation: 1,
      rotations: 0,
      isRevoked: false,
      rotation: undefined,
      replacement: undefined,
    },
    actions: () => actions,
    moments,
    apply,
    key,
    properties,
  };
}
