/**
 * A party of a committee: the ceremonies that make and renew its key share, and signing with it.
 * Messages and time go in; what to keep, to send and to tell comes out.
 */
import { type Hex, type Rejection, reject } from '@holdfast/units';
import { type Effects, isAttemptType, noEffects } from './attempt.ts';
import { lead, merge, onProofs, onPropose, settleAttempt } from './ceremony.ts';
import { collect, preprocess, request, tickRequests } from './coordinator.ts';
import type { Incoming, Outgoing } from './envelope.ts';
import { onCertified, onStatus, openSigning, tellCertificate } from './generations.ts';
import { foundersOf } from './judge.ts';
import { readBody } from './messages.ts';
import { attemptOf, openBroadcast, receive, tick } from './receive.ts';
import { hashOf, indexOf, nameOf, type PartyKey, type Roster, rosterHash } from './roster.ts';
import { answer, lieOf } from './signer.ts';
import type { Committee, CommitteeOptions, Step } from './state.ts';
import { suite } from './suite.ts';

/** Wakes a party from what it kept. */
export function createCommittee(options: CommitteeOptions, now: number): Committee {
  const c: Committee = {
    ...options,
    kept: options.records,
    goal: undefined,
    attempt: undefined,
    lingering: [],
    strays: [],
    over: [],
    scores: new Map(),
    declines: new Map(),
    refused: new Map(),
    shunned: new Map(),
    pleas: new Set(),
    proven: new Map(),
    failures: 0,
    failedLeads: new Map(),
    nextLeadAt: 0,
    nextStatusAt: now,
    seenAttempt: 0,
    nextLeapAt: now,
    witnesses: new Map(),
    signer: undefined,
    coordinator: undefined,
  };
  const { roster, active } = c.records;
  if (active !== undefined) openSigning(c);
  if (roster !== undefined && active === undefined) aimAtKey(c, roster, now);
  return c;
}

function aimAtKey(c: Committee, roster: Roster, now: number): void {
  const holdersMin = foundersOf(c, roster);
  c.goal = { kind: 'generate', roster, holdersMin };
  c.nextLeadAt = now + (indexOf(roster, c.self) - 1) * c.timing.leadMs;
}

/** The parties have agreed on a roster: they begin to make its key. */
export function agree(c: Committee, roster: Roster, now: number): Step {
  c.records = { ...c.records, roster };
  aimAtKey(c, roster, now);
  return settle(c, noEffects(), now);
}

/**
 * Deals the key out anew: to the same roster (refresh), or to another roster or threshold.
 * @param holdersMin a generation with fewer holders is not made; one more than the threshold,
 * or all, unless told
 */
export function reshare(
  c: Committee,
  roster: Roster,
  now: number,
  holdersMin = Math.min(roster.parties.length, roster.threshold + 1),
): Rejection | undefined {
  const { active } = c.records;
  if (active === undefined) return reject('KeyMissing', 'the committee has no key yet');
  if (c.goal !== undefined || c.attempt !== undefined) {
    return reject('CeremonyBusy', 'another ceremony is going on; see quorum status');
  }
  const { chainId, contract, name } = active.roster;
  if (roster.chainId !== chainId || roster.contract !== contract || roster.name !== name) {
    return reject('RosterWrong', 'a resharing keeps name, chain and contract of the committee');
  }
  if (holdersMin < roster.threshold || holdersMin > roster.parties.length) {
    return reject('HoldersWrong', `${holdersMin} holders are not threshold to all`);
  }
  c.scores.clear();
  c.declines.clear();
  c.shunned.clear();
  c.pleas.clear();
  c.failures = 0;
  c.goal = { kind: 'reshare', roster, holdersMin };
  c.nextLeadAt = now;
  const approved = [...new Set([...c.records.approved, rosterHash(roster)])].slice(-16);
  c.records = { ...c.records, approved };
  return undefined;
}

/** The operator agrees to a roster: this party may deal to it. */
export function approve(c: Committee, hash: Hex, now: number): Step {
  const approved = [...new Set([...c.records.approved, hash])].slice(-16);
  c.records = { ...c.records, approved };
  return settle(c, noEffects(), now);
}

/**
 * Begins a signature. Its end is the event `signed` or `unsigned` with the same sid.
 * @param among numbers of the parties that may be asked; everybody unless told
 */
export function sign(
  c: Committee,
  message: Uint8Array,
  now: number,
  among?: readonly number[],
): Step & { sid?: Hex } {
  const { coordinator } = c;
  if (coordinator === undefined) return noEffects();
  const out = noEffects();
  const sid = request(coordinator, message, now, out, among);
  return { ...settle(c, out, now), sid };
}

/** Gathers nonces in advance, so that signatures take one round. */
export function prepare(c: Committee, now: number): Step {
  const out = noEffects();
  if (c.coordinator !== undefined) preprocess(c.coordinator, out);
  return settle(c, out, now);
}

/** Takes one authenticated message. */
export function take(c: Committee, message: Incoming, now: number): Step {
  const out = noEffects();
  if (isKnown(c, message.from)) handle(c, message, now, out);
  return settle(c, out, now);
}

function isKnown(c: Committee, key: PartyKey): boolean {
  const { roster, active } = c.records;
  const rosters = [roster, active?.roster, c.goal?.roster, c.attempt?.plan.roster];
  return rosters.some((each) => each !== undefined && indexOf(each, key) > 0);
}

function handle(c: Committee, message: Incoming, now: number, out: Effects): void {
  const { type } = message;
  if (type === 'abort' && c.attempt?.id !== attemptOf(message)) onProofs(c, message, out);
  if (isAttemptType(type)) {
    toAttempt(c, message, now, out);
    return;
  }
  if (type === 'propose') {
    onPropose(c, message, now, out);
    return;
  }
  if (type === 'certified') {
    onCertified(c, message, out);
    return;
  }
  if (type === 'status') {
    onStatus(c, message, out);
    return;
  }
  const isRequest =
    type === 'ask' ||
    type === 'package' ||
    (type === 'pool' && readBody('pool', message.body)?.nonces.length === 0);
  if (!isRequest) {
    if (c.coordinator !== undefined) collect(c.coordinator, message, now, out);
    return;
  }
  if (c.signer === undefined) return;
  const said = answer(c.signer, message, now);
  if (said !== undefined) {
    out.send.push(said);
    tellLie(c, message, said, out);
  }
  if (message.gen < c.signer.gen) tellCertificate(c, message.from, out);
}

/** A coordinator that lies to us is named to our operator. */
function tellLie(c: Committee, message: Incoming, said: Outgoing, out: Effects): void {
  const blame = lieOf(message, said);
  const { active } = c.records;
  if (blame === undefined || active === undefined) return;
  out.events.push({ type: 'blame', blame, name: nameOf(active.roster, blame.party) });
}

function toAttempt(c: Committee, message: Incoming, now: number, out: Effects): void {
  const id = attemptOf(message);
  const all = [c.attempt, ...c.lingering.map((each) => each.attempt)];
  const found = all.find((each) => each?.id === id || each?.sid === message.sid);
  if (found !== undefined) {
    merge(out, receive(found, message, now));
    return;
  }
  if (!isLater(c, message) || c.over.some((each) => each === id)) return;
  c.strays = [...c.strays, message].slice(-200);
  const plan = proposalIn(c, message);
  if (plan !== undefined) onPropose(c, plan, now, out);
}

/** A leader's proposal that somebody else passed on: it may have been kept from us. */
function proposalIn(c: Committee, message: Incoming): Incoming | undefined {
  if (message.type !== 'gossip') return undefined;
  const inner = readBody('gossip', message.body)
    ?.envelopes.map(openBroadcast)
    .find((each) => each?.type === 'propose' && isKnown(c, each.from));
  return inner !== undefined && c.verify(inner.envelope) ? inner : undefined;
}

const isLater = (c: Committee, message: Incoming): boolean =>
  message.gen > (c.records.active?.certificate.gen ?? 0);

/** Lets time pass. */
export function pass(c: Committee, now: number): Step {
  const out = noEffects();
  if (c.attempt !== undefined) merge(out, tick(c.attempt, now));
  c.lingering = c.lingering.filter((each) => each.until > now);
  for (const { attempt } of c.lingering) merge(out, tick(attempt, now));
  if (c.coordinator !== undefined) tickRequests(c.coordinator, now, out);
  const isIdle = c.goal !== undefined && c.attempt === undefined;
  if (isIdle && now >= c.nextLeadAt) lead(c, now, out);
  if (now >= c.nextStatusAt) askStatus(c, now, out);
  return settle(c, out, now);
}

/** The way to the others is open again: asks at once for what was missed. */
export function reconnect(c: Committee, now: number): Step {
  c.nextStatusAt = now;
  return pass(c, now);
}

const noHash: Hex = `0x${'0'.repeat(64)}`;

/** Asks for what we missed: at the start, and while something of ours is not settled. */
function askStatus(c: Committee, now: number, out: Effects): void {
  const { active, roster, pending } = c.records;
  const known = active?.roster ?? roster;
  c.nextStatusAt = now + c.timing.statusMs;
  if (known === undefined) return;
  const { gen, attempt, sid: last } = active?.certificate ?? { gen: 0, attempt: 0, sid: noHash };
  const isSettled = active?.key !== undefined && pending.length === 0;
  if (isSettled && c.nextStatusAt > now + c.timing.statusMs) return;
  const to = known.parties.map((party) => party.key).filter((key) => key !== c.self);
  const sid = hashOf('status');
  const body = { gen, attempt, sid: last };
  out.send.push({ sid, gen, type: 'status', to, isPrivate: false, body });
  if (isSettled) c.nextStatusAt = now + 12 * c.timing.statusMs;
}

/** Ends what has ended, keeps what must be kept, and delivers what we said to ourselves. */
function settle(c: Committee, out: Effects, now: number): Step {
  const all: Effects = noEffects();
  let next = out;
  for (;;) {
    settleAttempt(c, next, now);
    const own = next.send.filter((each) => each.to.includes(c.self));
    all.send.push(...next.send.filter((each) => !each.to.includes(c.self)));
    all.events.push(...next.events);
    if (own.length === 0) break;
    next = noEffects();
    for (const message of own) handle(c, toSelf(c, message), now, next);
  }
  if (c.records === c.kept) return all;
  c.kept = c.records;
  return { ...all, records: c.records };
}

function toSelf(c: Committee, message: Outgoing): Incoming {
  const { sid, gen, type, body } = message;
  const header = {
    v: 1 as const,
    suite,
    sid,
    gen,
    type,
    from: c.self,
    to: c.self,
    seq: 0,
  } as const;
  const signature: Hex = `0x${'00'.repeat(64)}`;
  return { ...header, body, envelope: { ...header, payload: JSON.stringify(body), signature } };
}
