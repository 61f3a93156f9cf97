/**
 * One attempt of a ceremony: a fixed set of dealers and holders, eight phases, one result. It
 * ends with a key that has shown its life, or with the names of those who stopped it.
 *
 * hello → commit → echo → deal → verdict → reveal → confirm → life
 */
import { fromHex, type Hex, invariant, type Rejection } from '@holdfast/units';
import type { Blame, BlameKind } from './blame.ts';
import type { Dealing, DealtPackage } from './dealing.ts';
import type { Envelope, Incoming, MessageType, Outgoing, Verify } from './envelope.ts';
import type { Bodies, Certificate, Plan } from './messages.ts';
import {
  framed,
  hashOf,
  indexOf,
  nameOf,
  number6,
  type PartyKey,
  type Roster,
  rosterHash,
} from './roster.ts';
import type { frost, KeyShare, PublicKeys, Random } from './suite.ts';

export const phases = [
  'hello',
  'commit',
  'echo',
  'deal',
  'verdict',
  'reveal',
  'confirm',
  'life',
] as const;
export type Phase = (typeof phases)[number];

/** How patient an attempt is, in ms. */
export type Timing = {
  /** Longest phase. Whoever is missing then is named. */
  readonly phaseMs: number;
  /** What was said is said again this often while a phase waits. */
  readonly resendMs: number;
  /** How long a finished attempt goes on answering those who are behind. */
  readonly lingerMs: number;
};

/** One generation before it has shown its life: to be on disk before our signature share leaves. */
export type Pending = {
  readonly gen: number;
  readonly attempt: number;
  readonly sid: Hex;
  readonly roster: Roster;
  readonly key: KeyShare;
};

export type AttemptOptions = {
  readonly plan: Plan;
  readonly self: PartyKey;
  readonly random: Random;
  readonly verify: Verify;
  readonly timing: Timing;
  /** Makes our part of the dealing; called when all have said hello. */
  readonly deal: () => Dealing;
  /** Roster that numbers the dealers: the plan's own, or that of the generation before. */
  readonly dealerRoster: Roster;
  /** The plan as its leader signed it, to be passed on. */
  readonly proposal?: Envelope | undefined;
  /** Public shares that a dealer's package is checked against, in a resharing. */
  readonly old?: PublicKeys | undefined;
};

type Nonces = ReturnType<typeof frost.commit>['nonces'];

/** All that an attempt knows. Only the functions of this package touch it. */
export type Attempt = AttemptOptions & {
  readonly id: Hex;
  readonly participants: readonly PartyKey[];
  /** Our number among the holders, if we are one. */
  readonly index: number | undefined;
  readonly bodies: { [Type in Phase]: Map<PartyKey, Bodies[Type]> };
  readonly envelopes: { [Type in Phase]: Map<PartyKey, Envelope> };
  readonly said: Outgoing[];
  /** Who does not join, and why not. */
  readonly declined: Map<PartyKey, Bodies['decline']>;
  early: Incoming[];
  phase: Phase;
  since: number;
  spokeAt: number;
  sid: Hex | undefined;
  dealing: Dealing | undefined;
  accused: Map<PartyKey, PartyKey[]>;
  keys: PublicKeys | undefined;
  key: KeyShare | undefined;
  nonces: Nonces | undefined;
  outcome: 'running' | 'done' | 'failed';
  /** Whoever ended it for a cause that we do not see yet, and until when we look for it. */
  doubts: Map<PartyKey, number>;
  /** We ended it ourselves, and go on showing the others why. */
  isTelling: boolean;
  blames: Blame[];
  certificate: Certificate | undefined;
};

/** What a step asks of its caller, in this order: keep, send, tell. */
export type Effects = {
  /** Must be durable before anything is sent. */
  pending?: Pending;
  readonly send: Outgoing[];
  readonly events: Event[];
};

export type Event =
  | { readonly type: 'phase'; readonly phase: Phase; readonly attempt: number }
  | { readonly type: 'blame'; readonly blame: Blame; readonly name: string }
  | {
      readonly type: 'failed';
      readonly gen: number;
      readonly attempt: number;
      readonly why: string;
    }
  | { readonly type: 'certified'; readonly certificate: Certificate; readonly isHolder: boolean }
  | { readonly type: 'retired'; readonly gen: number }
  | { readonly type: 'declined'; readonly by: PartyKey; readonly reason: Rejection }
  | { readonly type: 'stalled'; readonly reason: Rejection }
  | {
      readonly type: 'signed';
      readonly sid: Hex;
      readonly message: Hex;
      readonly signature: Hex;
      /** Numbers of those who signed. */
      readonly signers: readonly number[];
    }
  | {
      readonly type: 'refused';
      readonly sid: Hex;
      readonly by: PartyKey;
      readonly reason: Rejection;
    }
  | { readonly type: 'unsigned'; readonly sid: Hex; readonly reason: Rejection };

export const noEffects = (): Effects => ({ send: [], events: [] });

/** Names an attempt before anybody has spoken. */
export function planHash(plan: Plan): Hex {
  const { kind, gen, attempt, leader, nonce, roster, dealers, holders, previous } = plan;
  return hashOf(
    'plan',
    framed(kind),
    number6(gen),
    number6(attempt),
    fromHex(leader),
    fromHex(nonce),
    fromHex(rosterHash(roster)),
    number6(dealers.length),
    ...dealers.map(fromHex),
    number6(holders.length),
    ...holders.map(fromHex),
    fromHex(previous?.groupKey ?? '0x'),
    number6(previous?.gen ?? 0),
  );
}

/** Names a session once every participant has put in a nonce, so that nothing old fits it. */
export function sessionId(plan: Plan, nonces: readonly Hex[]): Hex {
  const { chainId, contract } = plan.roster;
  const about = [fromHex(planHash(plan)), number6(chainId), fromHex(contract)];
  return hashOf('session', ...about, ...nonces.map(fromHex));
}

const byPhase = <T>(make: () => T): { [Type in Phase]: T } => ({
  hello: make(),
  commit: make(),
  echo: make(),
  deal: make(),
  verdict: make(),
  reveal: make(),
  confirm: make(),
  life: make(),
});

/** Begins an attempt with our hello. */
export function begin(options: AttemptOptions, now: number): { attempt: Attempt; out: Effects } {
  const { plan, self } = options;
  const attempt: Attempt = {
    ...options,
    id: planHash(plan),
    participants: [...new Set([...plan.dealers, ...plan.holders])].sort(),
    index: plan.holders.includes(self) ? indexOf(plan.roster, self) : undefined,
    bodies: byPhase(() => new Map()),
    envelopes: byPhase(() => new Map()),
    said: [],
    declined: new Map(),
    early: [],
    phase: 'hello',
    since: now,
    spokeAt: now,
    sid: undefined,
    dealing: undefined,
    accused: new Map(),
    keys: undefined,
    key: undefined,
    nonces: undefined,
    outcome: 'running',
    doubts: new Map(),
    isTelling: false,
    blames: [],
    certificate: undefined,
  };
  const out = noEffects();
  const nonce = hashOf('nonce', options.random(32));
  say(attempt, 'hello', { nonce }, out);
  return { attempt, out };
}

export const others = (a: Attempt): PartyKey[] => a.participants.filter((key) => key !== a.self);
export const isHolder = (a: Attempt): boolean => a.index !== undefined;
export const holderIndexes = (a: Attempt): number[] =>
  a.plan.holders.map((key) => indexOf(a.plan.roster, key)).sort((x, y) => x - y);

/** Says something of ours to all others, and remembers it for whoever missed it. */
export function say<Type extends Phase>(
  a: Attempt,
  type: Type,
  body: Bodies[Type],
  out: Effects,
): void {
  (a.bodies[type] as Map<PartyKey, Bodies[Type]>).set(a.self, body);
  const sid = type === 'hello' ? a.id : a.sid;
  invariant(sid !== undefined, 'no session yet');
  emit(a, { sid, type, to: others(a), isPrivate: false, body }, out);
}

/** Sends one message now, and again on ticks while its phase or the next is on. */
export function emit(a: Attempt, message: Omit<Outgoing, 'gen'>, out: Effects): void {
  const whole = { ...message, gen: a.plan.gen };
  a.said.push(whole);
  out.send.push(whole);
}

/** Enters the next phase. */
export function enter(a: Attempt, phase: Phase, now: number, out: Effects): void {
  a.phase = phase;
  a.since = now;
  a.spokeAt = now;
  out.events.push({ type: 'phase', phase, attempt: a.plan.attempt });
}

/** Who must speak in a phase before it is over. */
export function expected(a: Attempt, phase: Phase = a.phase): readonly PartyKey[] {
  const { dealers, holders } = a.plan;
  if (phase === 'hello' || phase === 'echo') return a.participants;
  if (phase === 'commit') return dealers;
  if (phase === 'deal') return isHolder(a) ? dealers : [];
  if (phase === 'reveal') return [...a.accused.keys()];
  return holders;
}

export const missing = (a: Attempt): PartyKey[] =>
  expected(a).filter((key) => key !== a.self && !a.bodies[a.phase].has(key));

/** Packages by the number of their dealer. */
export function packagesOf(a: Attempt): Map<number, DealtPackage> {
  const entries = a.plan.dealers.map((key): [number, DealtPackage] => {
    const said = a.bodies.commit.get(key);
    invariant(said !== undefined, 'a package is missing after its phase');
    const { commitments, proof } = said;
    return [indexOf(a.dealerRoster, key), proof ? { commitments, proof } : { commitments }];
  });
  return new Map(entries.sort(([x], [y]) => x - y));
}

/** A party did wrong: makes the verdict. */
export function blameOf(
  a: Attempt,
  party: PartyKey,
  kind: BlameKind,
  detail: string,
  proof: readonly (Envelope | undefined)[] = [],
): Blame {
  const shown = proof.filter((each) => each !== undefined);
  return { party, kind, where: a.phase, detail, ...(shown.length > 0 ? { proof: shown } : {}) };
}

type Accusation = Bodies['abort']['accusations'][number];

const accusationOf = ({ party, kind, where, proof }: Blame): Accusation => ({
  party,
  kind,
  where,
  proof: [...(proof ?? [])].slice(0, 2),
});

/** Ends the attempt for the causes given and tells the others why. */
export function fail(
  a: Attempt,
  blames: readonly Blame[],
  out: Effects,
  accusations: readonly Accusation[] = blames.map(accusationOf),
): void {
  if (a.outcome !== 'running') return;
  const body = { attempt: a.id, accusations };
  emit(a, { sid: a.id, type: 'abort', to: others(a), isPrivate: false, body }, out);
  a.isTelling = true;
  end(a, blames, out);
}

/** Ends the attempt without telling anybody. */
export function end(a: Attempt, blames: readonly Blame[], out: Effects): void {
  a.outcome = 'failed';
  a.blames = [...blames];
  a.dealing?.forget();
  a.nonces = undefined;
  for (const blame of blames) {
    out.events.push({ type: 'blame', blame, name: partyName(a, blame.party) });
  }
  const causes = blames.map((each) => `${partyName(a, each.party)}: ${each.kind}`);
  const declines = [...a.declined.keys()].map((key) => `${partyName(a, key)} declined`);
  const { gen, attempt } = a.plan;
  out.events.push({ type: 'failed', gen, attempt, why: [...causes, ...declines].join(', ') });
}

export function partyName(a: Attempt, key: PartyKey): string {
  const isNew = indexOf(a.plan.roster, key) > 0;
  return nameOf(isNew ? a.plan.roster : a.dealerRoster, key);
}

/** Types of messages that belong to an attempt. */
export const isAttemptType = (type: MessageType): boolean =>
  (phases as readonly string[]).includes(type) || ['decline', 'abort', 'gossip'].includes(type);
