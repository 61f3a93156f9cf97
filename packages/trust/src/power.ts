/** Words in which `powers.ts` says what a function means. */
import type { ContractName } from './builds.ts';
import type { LossKey } from './losses.ts';

/** Whoever a contract knows; `operator`: whose key moves a steward. */
export type Role =
  | 'governor'
  | 'successor'
  | 'guardian'
  | 'sequencer'
  | 'owner'
  | 'session'
  | 'operator'
  | 'clearingHouse'
  | 'seat'
  | 'Steward'
  | 'VenueGovernor'
  | 'VenueAccess';

/** Whose signature a call carries that anybody may bring. */
export type Signer =
  | 'owner'
  | 'reporters'
  | 'oracle committee'
  | 'treasury committee'
  | 'committee';

/**
 * - `open`: for everybody; does only what is due or what its caller pays for
 * - `own`: for the owner of an account, about that account
 * - `operate`: the daily work of a role
 * - `tighten`: makes the venue stricter, at once
 * - `start`: begins something that waits before it is in force
 * - `code`: for another contract of the venue
 */
export type Way = 'open' | 'own' | 'operate' | 'tighten' | 'start' | 'code';

/** Names of the delays that a venue has; see `delayOf`. */
export type Delay =
  | 'parameters'
  | 'verifier'
  | 'clear'
  | 'guardian'
  | 'rotation'
  | 'replacement'
  | 'notice'
  | 'votes'
  | 'treasury small'
  | 'treasury large';

export type Power = {
  /** Roles that are answered otherwise than strangers; none: anybody. */
  readonly who: readonly Role[];
  readonly signed?: Signer;
  readonly way: Way;
  readonly does: string;
  readonly wait?: Delay;
  readonly loss?: LossKey;
  /** What ends by itself what the call began. */
  readonly ends?: 'proposal' | 'halt' | 'veto' | 'instruction' | 'tuple' | 'notice';
};

export type Catalogue = Readonly<Record<ContractName, Readonly<Record<string, Power>>>>;

export const anyone = (does: string, more: Partial<Power> = {}): Power => ({
  who: [],
  way: 'open',
  does,
  ...more,
});
export const own = (does: string, who: readonly Role[] = ['owner']): Power => ({
  who,
  way: 'own',
  does,
  loss: 'own',
});
export const drops = (does: string, who: readonly Role[] = ['governor']): Power => ({
  who,
  way: 'tighten',
  does,
  loss: 'none',
});
export const starts = (wait: Delay, loss: LossKey, does: string): Power => ({
  who: ['governor'],
  way: 'start',
  does,
  wait,
  loss,
  ends: 'proposal',
});
export const code = (does: string, loss: LossKey): Power => ({
  who: ['clearingHouse'],
  way: 'code',
  does,
  loss,
});
/** What only a proposal that was voted and waited can call; the manager holds its delay. */
export const voted = (does: string, who: Role = 'VenueGovernor'): Power => ({
  who: [who],
  way: 'start',
  does,
  wait: 'votes',
  loss: 'governor',
  ends: 'proposal',
});

/** Whether a function gives its holder something that others do not have. */
export const isPrivileged = ({ way, signed }: Power): boolean =>
  (way !== 'open' && way !== 'own') || (signed !== undefined && signed !== 'owner');
