/** When a party signs a statement to the registry: against its own records and its own chain. */
import type { CommitteeView } from '@holdfast/host';
import { type Generation, rosterHash, verifySignature } from '@holdfast/quorum';
import { fromHex, type Hex, isRejection, type Rejection, reject } from '@holdfast/units';
import type { Purpose } from './purpose.ts';
import {
  committeeIdOf,
  type Life,
  type Offer,
  type Rotation,
  readStatement,
  type Statement,
  statementDigest,
} from './statement.ts';

/** A look at the chain that is older says nothing, wall ms. */
export const viewAgeMsMax = 15_000;
/** Longest validity of a rotation that is asked for, chain seconds. */
export const rotationSecondsMax = 30 * 86_400;

/** What a party holds against a statement. */
export type RegistrySight = {
  readonly own: Generation | undefined;
  /** The registry as its own node sees it; undefined: it has none, or not yet. */
  readonly view: CommitteeView | undefined;
  readonly nowMs: number;
  /** Its operator has allowed exactly this statement. */
  readonly isAllowed: boolean;
};

function judgeView({ view, nowMs }: RegistrySight): Rejection | undefined {
  if (view === undefined) {
    return reject('ChainMissing', 'this party sees no chain: start it with --rpc, its own node');
  }
  const ageMs = nowMs - view.atMs;
  if (ageMs <= viewAgeMsMax) return undefined;
  const text = `the last look at the chain is ${Math.round(ageMs / 1000)} s old`;
  return reject('ChainStale', text, { found: ageMs, required: viewAgeMsMax });
}

function judgeGeneration(found: number, view: CommitteeView): Rejection | undefined {
  const required = view.generation + 1;
  if (found === required) return undefined;
  const text = `the next key of the registry is number ${required}, this one says ${found}`;
  return reject('GenerationWrong', text, { found, required });
}

/** Name, chain and registry say whose committee it is: these never change. */
function judgePlace({ roster }: Statement, own: Generation): Rejection | undefined {
  const { name, chainId, contract } = own.roster;
  if (roster.name === name && roster.chainId === chainId && roster.contract === contract) {
    return undefined;
  }
  const text = `it is about ${roster.name} at ${roster.contract} of chain ${roster.chainId}`;
  return reject('RosterForeign', `${text}, we are ${name} at ${contract} of chain ${chainId}`);
}

/**
 * A key says that it lives: every fact must be what this party has agreed to itself. No operator
 * is asked, because nothing changes by it. A first key has no registry yet to be held against.
 */
export function judgeLife(life: Life, sight: RegistrySight): Rejection | undefined {
  const { own, view } = sight;
  if (own === undefined) return reject('KeyMissing', 'there is no key yet');
  const { certificate, roster } = own;
  const isOwn =
    life.groupKey === certificate.groupKey && rosterHash(life.roster) === rosterHash(roster);
  if (!isOwn) return reject('LifeForeign', 'it is about another key or roster than ours');
  if (view === undefined && life.generation === 1) return undefined;
  const no = judgeView(sight);
  return no ?? judgeGeneration(life.generation, view as CommitteeView);
}

function judgeNext(rotation: Rotation): Rejection | undefined {
  const { roster, generation, groupKey } = rotation;
  const { threshold, parties } = roster;
  if (2 * threshold <= parties.length) {
    const text = `a threshold of ${threshold} is no majority of ${parties.length}`;
    return reject('ThresholdInvalid', text, { found: threshold, size: parties.length });
  }
  const digest = statementDigest({ kind: 'life', generation, groupKey, roster });
  if (isRejection(digest)) return digest;
  if (verifySignature(groupKey, fromHex(digest), rotation.life)) return undefined;
  return reject('LifeWrong', 'the next key has not signed that it lives with this roster');
}

function judgeTime({ expiry }: Rotation, { time }: CommitteeView): Rejection | undefined {
  const left = expiry - time;
  if (left <= 0) return reject('StatementExpired', 'its time is over: draft it anew');
  if (left <= rotationSecondsMax) return undefined;
  const text = `it would be valid for ${left} s, ${rotationSecondsMax} s are the most`;
  return reject('ExpiryFar', text, { found: left, required: rotationSecondsMax });
}

/** The key in force hands over: the one statement that changes who speaks for the committee. */
export function judgeRotation(rotation: Rotation, sight: RegistrySight): Rejection | undefined {
  const { own, isAllowed } = sight;
  if (own === undefined) return reject('KeyMissing', 'there is no key yet');
  const before = judgePlace(rotation, own) ?? judgeView(sight);
  if (before !== undefined) return before;
  const view = sight.view as CommitteeView;
  const late = judgeTime(rotation, view);
  if (late !== undefined) return late;
  if (view.key !== own.certificate.groupKey) {
    return reject('KeyNotInForce', 'our key is not the one in force: it has nothing to hand over');
  }
  const place = judgeGeneration(rotation.generation, view);
  if (place !== undefined) return place;
  if (rotation.number !== view.rotations) {
    const text = `the next rotation has number ${view.rotations}, this one ${rotation.number}`;
    return reject('RotationWrong', text, { found: rotation.number, required: view.rotations });
  }
  const no = judgeNext(rotation);
  if (no !== undefined) return no;
  if (isAllowed) return undefined;
  return reject('MessageUnapproved', 'its operator has not allowed this rotation');
}

/** What our key says of itself; to a registry that is not there yet as its first. */
export function lifeOf({ own, view }: Omit<RegistrySight, 'isAllowed'>): Life | Rejection {
  if (own === undefined) return reject('KeyMissing', 'there is no key yet');
  const { certificate, roster } = own;
  const generation = (view?.generation ?? 0) + 1;
  return { kind: 'life', generation, groupKey: certificate.groupKey, roster };
}

/**
 * The hand-over of our key to the one that is offered, for the operators to look at.
 * @param validSeconds how long it may be proposed, by the clock of the chain
 * @returns what {@link judgeRotation} holds against it, its operator's word apart
 */
export function draftRotation(
  { life, signature }: Offer,
  validSeconds: number,
  sight: Omit<RegistrySight, 'isAllowed'>,
): Rotation | Rejection {
  const { generation, groupKey, roster } = life;
  const number = sight.view?.rotations ?? 0;
  const expiry = (sight.view?.time ?? 0) + validSeconds;
  const facts = { generation, number, groupKey, roster, life: signature, expiry };
  const rotation: Rotation = { kind: 'rotation', ...facts };
  return judgeRotation(rotation, { ...sight, isAllowed: true }) ?? rotation;
}

function linesOf(statement: Statement, digest: Hex): [string, string][] {
  const { roster, generation, groupKey } = statement;
  const what = statement.kind === 'life' ? 'proof that a key lives' : 'hand-over to another key';
  const lines: [string, string][] = [
    ['says', what],
    ['committee', `${roster.name} (${committeeIdOf(roster) ?? '?'})`],
    ['chain', `${roster.chainId}`],
    ['registry', roster.contract],
    ['generation', `${generation}`],
    ['group key', groupKey],
    ['threshold', `${roster.threshold} of ${roster.parties.length}`],
    ['roster', rosterHash(roster)],
    ['parties', roster.parties.map(({ name }) => name).join(', ')],
  ];
  if (statement.kind === 'rotation') {
    lines.push(['rotation', `number ${statement.number}`]);
    lines.push(['may be proposed until', new Date(statement.expiry * 1000).toISOString()]);
  }
  return [...lines, ['digest', digest]];
}

/** Statements to the registry, as one purpose of a committee. */
export function registryPurpose(sight: () => Omit<RegistrySight, 'isAllowed'>): Purpose {
  return (message) => {
    const statement = readStatement(message);
    if (statement === undefined || isRejection(statement)) return statement;
    const digest = statementDigest(statement);
    if (isRejection(digest)) return digest;
    return {
      digest: fromHex(digest),
      lines: linesOf(statement, digest),
      judge(isAllowed) {
        const whole = { ...sight(), isAllowed };
        if (statement.kind === 'life') return judgeLife(statement, whole);
        return judgeRotation(statement, whole);
      },
    };
  };
}
