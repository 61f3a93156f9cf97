/** Findings of the sentinel's own: laws, storage, endpoints. */
import { lawOf, numberOf } from '@holdfast/laws';
import type { Question } from '../laws/questions.ts';
import type { Action, Finding } from '../rule.ts';
import type { Difference } from '../state/compare.ts';

/** How long what a broken law asks for is held, seconds; fixed, so that votes meet. */
export const lawHoldSeconds = 3_600;

type Evidence = Record<string, string | number>;

/** Single values of a question's input as text; lists say how long they are. */
function shown(input: object): Evidence {
  const rows = Object.entries(input).map(([name, value]) => {
    if (Array.isArray(value)) return [name, value.length];
    if (typeof value === 'object' && value !== null) return [name, JSON.stringify(value)];
    return [name, typeof value === 'number' ? value : String(value)];
  });
  return Object.fromEntries(rows);
}

/** A law that does not hold. */
export function lawFinding({ law: name, input, scope, about, tx }: Question): Finding {
  const law = lawOf(name);
  return {
    rule: `law-${law.id}`,
    tier: 'law',
    severity: 'critical',
    scope,
    key: about,
    title: `Broken: ${law.title}`,
    evidence: { law: law.id, about, ...(tx === undefined ? {} : { tx }), ...shown(input) },
    damage: true,
  };
}

/** What a broken law asks for. */
export const lawAction = ({ law, scope }: Question): Action => ({
  kind: 'tighten',
  scope,
  level: 3,
  holdSeconds: lawHoldSeconds,
  law: numberOf(lawOf(law)),
});

/** Whole numbers of a question's input: what the chain keeps as evidence. */
export const lawValues = ({ input }: Question): bigint[] =>
  Object.values(input)
    .filter((value) => typeof value === 'bigint' || typeof value === 'number')
    .map((value) => BigInt.asIntN(256, BigInt(value)));

/** TypeScript and the contract of the laws do not say the same. */
export const disagreement = ({ law, about, tx }: Question, holds: boolean): Finding => ({
  rule: 'laws-disagree',
  tier: 'law',
  severity: 'critical',
  scope: 0,
  key: `${law} ${about}`,
  title: 'The twins of a law disagree',
  evidence: { law: lawOf(law).id, about, typescript: String(holds), ...(tx ? { tx } : {}) },
});

/** Storage is not what the logs make of it. */
export const storageFinding = ({ what, scope, stored, logged }: Difference): Finding => ({
  rule: 'storage-differs',
  tier: 'law',
  severity: 'critical',
  scope,
  key: what,
  title: `Storage differs from the logs: ${what}`,
  evidence: { what, stored, logged },
  damage: true,
});

export const storageAction = ({ scope }: Difference): Action => ({
  kind: 'tighten',
  scope: scope > 256 ? 0 : scope,
  level: 3,
  holdSeconds: lawHoldSeconds,
  law: 0,
});

/** Logs that cannot follow those before them: the contracts are not what they were. */
export const impossibleFinding = (problem: string): Finding => ({
  rule: 'logs-impossible',
  tier: 'law',
  severity: 'critical',
  scope: 0,
  key: 'venue',
  title: 'The logs of a block cannot follow those before it',
  evidence: { problem },
  damage: true,
});

/** Something about the sentinel's own sight. */
export const sightFinding = (
  rule: string,
  severity: Finding['severity'],
  key: string,
  title: string,
  evidence: Evidence,
): Finding => ({ rule, tier: 'statistical', severity, scope: 0, key, title, evidence });
