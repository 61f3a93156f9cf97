/** What the registry of committees promises, and its bounded model. */
import {
  type CommitteeState,
  committeeModel,
  type PendingKey,
  committeeTerms as terms,
} from './committees.ts';
import { act, type Model, type Property, wait } from './model.ts';

type P = Property<CommitteeState>;

const delays: Readonly<Record<string, number>> = {
  applyRotation: terms.rotationDelaySeconds,
  applyReplacement: terms.replacementDelaySeconds,
};

/** What an action puts in force, undefined when it does not. */
const appliedBy = (s: CommitteeState, name: string): PendingKey | undefined =>
  name === 'applyRotation' ? s.rotation : name === 'applyReplacement' ? s.replacement : undefined;

/** Seconds between the proposal of what is applied and now, less its delay. */
const late = (s: CommitteeState, name: string): number | undefined => {
  const pending = appliedBy(s, name);
  return pending && s.now - pending.proposedAt - delays[name]!;
};

const ways: P[] = [
  {
    name: 'a key changes by two ways alone',
    says: 'A key that comes into force is one that waited, on either way, one generation on.',
    mutant: 'generation stays',
    breaks: 'a change is not counted',
    kind: 'step',
    check: (before, { name }, after) => {
      const applied = appliedBy(before, name);
      const generations = after.generation - before.generation;
      if (!applied) return generations === 0 && after.key === before.key ? undefined : 'changed';
      return generations === 1 && after.key === applied.to ? undefined : 'not one generation on';
    },
  },
  {
    name: 'a change waits',
    says: 'A rotation is applied after its delay, a replacement after its own.',
    mutant: 'applied early',
    breaks: 'a proposal is applied before its time',
    kind: 'step',
    check: (before, { name }) => ((late(before, name) ?? 0) < 0 ? 'before its delay' : undefined),
  },
  {
    name: 'governance waits longer',
    says: 'A replacement is never as quick as a rotation.',
    mutant: 'replacement waits as a rotation',
    breaks: 'both delays are the same',
    kind: 'step',
    check: (before, { name }) =>
      name === 'applyReplacement' &&
      before.now - before.replacement!.proposedAt < terms.replacementDelaySeconds
        ? 'as quick as a rotation'
        : undefined,
  },
  {
    name: 'an old change is dead',
    says: 'Nothing is applied later than seven days after it was ready.',
    mutant: 'old proposals live',
    breaks: 'proposals do not expire',
    kind: 'step',
    check: (before, { name }) =>
      (late(before, name) ?? 0) > terms.expirySeconds ? 'an old proposal was applied' : undefined,
  },
  {
    name: 'a change ends what waited',
    says: 'What waited for a generation is gone with it, on both ways.',
    mutant: 'pending survives',
    breaks: 'a change leaves the other proposal',
    kind: 'step',
    check: (_before, { name }, after) =>
      name.startsWith('apply') && (after.rotation || after.replacement) ? 'it waits' : undefined,
  },
];

const signing: P[] = [
  {
    name: 'only the key in force hands over',
    says: 'No key that is old, or not yet in force, brings a rotation into force.',
    mutant: 'any key rotates',
    breaks: 'the signature of any key counts',
    kind: 'step',
    check: (before, { name }) =>
      name === 'applyRotation' && before.rotation!.by !== before.key
        ? 'another key handed over'
        : undefined,
  },
  {
    name: 'a signature counts once',
    says: 'A rotation that was proposed before, and vetoed or expired, is not proposed again.',
    mutant: 'signatures live on',
    breaks: 'the number of a rotation is not signed',
    kind: 'step',
    check: (_before, { name }) => (name === 'replayRotation' ? 'proposed again' : undefined),
  },
  {
    name: 'a late signature is none',
    says: 'A rotation is not proposed after the time that its signers set.',
    mutant: 'late signatures count',
    breaks: 'the time is not compared',
    kind: 'step',
    check: (_before, { name }) => (name === 'proposeLateRotation' ? 'proposed late' : undefined),
  },
  {
    name: 'a new key lives',
    says: 'No key comes into force that has not signed for itself.',
    mutant: 'no proof of life',
    breaks: 'the proof is not asked for',
    kind: 'step',
    check: (before, { name }) =>
      appliedBy(before, name)?.lives === false ? 'nobody holds it' : undefined,
  },
];

const stopping: P[] = [
  {
    name: 'vetoed is gone',
    says: 'A rotation that governor or guardian vetoed is never applied.',
    mutant: 'veto keeps',
    breaks: 'a veto only says so',
    kind: 'step',
    check: (before, { name }) =>
      name === 'applyRotation' && before.rotation!.isDropped ? 'applied' : undefined,
  },
  {
    name: 'a revoked key does nothing',
    says: 'After a revocation no rotation is proposed or applied before the next generation.',
    mutant: 'revocation keeps the rotation',
    breaks: 'what waits survives the revocation',
    kind: 'step',
    check: (before, { name }) =>
      before.isRevoked && (name === 'applyRotation' || name.startsWith('proposeRo'))
        ? 'a revoked key acted'
        : undefined,
  },
  {
    name: 'a stolen key is out at once',
    says: 'The governor alone revokes any key in one step, at any time.',
    mutant: 'revocation waits',
    breaks: 'a revoked key still signs',
    kind: 'response',
    next: ({ isRevoked }) => (isRevoked ? undefined : act('governor', 'revoke')),
    stepsMax: 1,
    secondsMax: 0,
  },
  {
    name: 'a lost key is replaced',
    says: 'The governor alone brings another key into force within the longer delay.',
    mutant: 'dead on arrival',
    breaks: 'a proposal dies before it is ready',
    kind: 'response',
    next: (s) => {
      if (s.key === 3 && !s.isRevoked) return undefined;
      const { replacement } = s;
      const isDead = replacement && s.now > replacement.readyAt + terms.expirySeconds;
      if (replacement?.to !== 3 || isDead) return act('governor', 'proposeReplacement', 3);
      return s.now < replacement.readyAt
        ? wait(terms.rotationDelaySeconds)
        : act('anyone', 'applyReplacement');
    },
    stepsMax: 4,
    secondsMax: terms.replacementDelaySeconds,
  },
  {
    name: 'only governor and guardian stop',
    says: 'Nobody else vetoes, replaces, cancels or revokes; the guardian vetoes and no more.',
    mutant: 'anyone governs',
    breaks: 'the caller is not asked for',
    kind: 'step',
    check: (_before, { by, name }) => {
      const isOffice = ['proposeReplacement', 'cancelReplacement', 'revoke'].includes(name);
      if (isOffice && by !== 'governor') return 'by another';
      return name === 'vetoRotation' && by === 'anyone' ? 'vetoed by another' : undefined;
    },
  },
];

export const committeeModels: readonly Model<CommitteeState>[] = [
  committeeModel([...ways, ...signing, ...stopping]),
];
