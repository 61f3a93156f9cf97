/** Verdicts: who did what. A culprit is a party's address. */
import type { Envelope } from './envelope.ts';
import type { PartyKey } from './roster.ts';

export type BlameKind =
  /** Said nothing in a phase until its deadline. Not provable; all who waited see the same. */
  | 'Silent'
  /** Ended an attempt for a cause that the others do not see. */
  | 'Abandoned'
  /** Two messages in one place; `proof` has both. */
  | 'Equivocated'
  /** A signed message without sense; `proof` has it. */
  | 'MessageWrong'
  /** Commitments or proof of knowledge that do not hold; `proof` has them. */
  | 'PackageWrong'
  /** Passed on what the named sender did not sign, or left something out. */
  | 'EchoWrong'
  /** Dealt a share off its polynomial, and did not cure it in the open. */
  | 'ShareWrong'
  /** Came to another result from the same messages. */
  | 'ConfirmWrong'
  /** A signature share that does not verify. */
  | 'PartialWrong'
  /** Led a signature and said two things in it, or what makes no sense. */
  | 'LeadWrong'
  /** Proposed what the rules forbid. */
  | 'ProposalWrong';

export type Blame = {
  readonly party: PartyKey;
  readonly kind: BlameKind;
  /** Phase or message in which it happened. */
  readonly where: string;
  /** One sentence for a person. */
  readonly detail: string;
  /** Signed envelopes that show it to a third party. */
  readonly proof?: readonly Envelope[];
  /** Who says so, when we did not see it ourselves. */
  readonly reportedBy?: PartyKey;
};

/** Kinds that are never forgiven within a ceremony: an honest party cannot cause them. */
export const isProven = (blame: Blame): boolean =>
  blame.kind !== 'Silent' && blame.kind !== 'Abandoned';
