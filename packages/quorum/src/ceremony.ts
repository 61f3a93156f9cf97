/** Who leads a ceremony, who takes part, and what becomes of those who stop it. */
import { invariant, type Rejection, reject, toHex } from '@holdfast/units';
import { type Attempt, begin, type Effects, planHash } from './attempt.ts';
import { isProven } from './blame.ts';
import { type Dealing, dealAgain, dealFresh } from './dealing.ts';
import {
  type Envelope,
  everyone,
  type Incoming,
  isEquivocation,
  type Outgoing,
} from './envelope.ts';
import { adopt, tellCertificate } from './generations.ts';
import {
  declinesOf,
  faultsMax,
  isTiresome,
  judgePlan,
  lastKnown,
  markOf,
  nextGen,
  score,
  short,
} from './judge.ts';
import { type Bodies, type Plan, readBody } from './messages.ts';
import { attemptOf, receive } from './receive.ts';
import { foundersMin, indexOf, nameOf, type PartyKey } from './roster.ts';
import type { Committee } from './state.ts';

/** Failures after which a resharing is given up: the generation so far goes on. */
const failuresMax = 16;
/**
 * How far a party's word moves our count. So much less that whoever was away is met at once, even
 * after hundreds of false words.
 */
const wordMax = 1000;

/** Parties in the order in which they are taken: those without faults first, in their own order. */
function ranked(c: Committee, keys: readonly PartyKey[]): PartyKey[] {
  // Whoever has lied can stop an attempt and nothing else, so it is better than nobody.
  const rank = (key: PartyKey): number => score(c, key) + (c.proven.has(key) ? 1000 : 0);
  return keys
    .map((key, place) => ({ key, place }))
    .sort((a, b) => rank(a.key) - rank(b.key) || a.place - b.place)
    .map(({ key }) => key);
}

/** Adds what an attempt asks for. */
export function merge(out: Effects, more: Effects): void {
  out.send.push(...more.send);
  out.events.push(...more.events);
  if (more.pending !== undefined) out.pending = more.pending;
}

/** Makes a plan for our goal and proposes it. */
export function lead(c: Committee, now: number, out: Effects): void {
  const plan = makePlan(c);
  if ('code' in plan) {
    out.events.push({ type: 'stalled', reason: plan });
    c.scores.clear();
    c.nextLeadAt = now + 4 * c.timing.leadMs;
    if (c.goal?.kind === 'reshare') c.goal = undefined;
    return;
  }
  start(c, plan, undefined, now, out);
  const { attempt } = c;
  invariant(attempt !== undefined, 'an attempt that was begun is gone');
  const to = attempt.participants.filter((key) => key !== c.self);
  const propose: Outgoing = {
    sid: attempt.id,
    gen: plan.gen,
    type: 'propose',
    to,
    isPrivate: false,
    body: { plan },
  };
  attempt.said.unshift(propose);
  out.send.unshift(propose);
}

function makePlan(c: Committee): Plan | Rejection {
  const { goal, records, self } = c;
  invariant(goal !== undefined, 'there is nothing to lead');
  const { roster, kind, holdersMin } = goal;
  if (kind === 'reshare' && c.failures >= failuresMax) {
    return reject('CeremonyFailed', `${c.failures} attempts have failed; see who was blamed`);
  }
  const gen = nextGen(c);
  const attempt = lastKnown(c, gen) + 1;
  const able = ranked(
    c,
    roster.parties.map((party) => party.key),
  );
  const isGood = (key: PartyKey): boolean => score(c, key) < faultsMax && !c.proven.has(key);
  const good = able.filter((key) => isGood(key) || key === self);
  const holders = good.length >= holdersMin ? good : able.slice(0, holdersMin);
  if (holders.length < holdersMin) return short('holders', holders.length, holdersMin);
  holders.sort((a, b) => indexOf(roster, a) - indexOf(roster, b));
  const nonce = toHex(c.random(32));
  const plan = { kind, gen, attempt, leader: self, nonce, roster, holders };
  if (kind === 'generate') return { ...plan, dealers: holders };
  const { active } = records;
  invariant(active !== undefined, 'a resharing without a key');
  const had = active.certificate.holders.map((index) => active.roster.parties[index - 1]!.key);
  // Who leaves is often who is lost: nobody should wait for it.
  const stays = (key: PartyKey): boolean => isGood(key) && indexOf(roster, key) > 0;
  const order = ranked(c, had);
  const dealers = [...order.filter(stays), ...order.filter((key) => !stays(key))].slice(
    0,
    active.roster.threshold,
  );
  if (dealers.length < active.roster.threshold) {
    return short('dealers', dealers.length, active.roster.threshold);
  }
  const { groupKey } = active.certificate;
  return { ...plan, dealers, previous: { groupKey, gen: active.certificate.gen } };
}

/** Joins an attempt, our own or another's. */
function start(
  c: Committee,
  plan: Plan,
  proposal: Envelope | undefined,
  now: number,
  out: Effects,
): void {
  const { self, random, verify, timing } = c;
  const { active } = c.records;
  const isAgain = plan.kind === 'reshare';
  invariant(!isAgain || active !== undefined, 'a resharing without a key');
  const begun = begin(
    {
      plan,
      self,
      random,
      verify,
      timing,
      proposal,
      deal: () => dealingOf(c, plan),
      dealerRoster: isAgain && active ? active.roster : plan.roster,
      old: isAgain ? active?.keys : undefined,
    },
    now,
  );
  c.attempt = begun.attempt;
  c.records = { ...c.records, mark: { gen: plan.gen, attempt: plan.attempt } };
  c.seenAttempt = Math.max(c.seenAttempt, plan.attempt);
  merge(out, begun.out);
  const strays = c.strays.filter((each) => attemptOf(each) === begun.attempt.id);
  c.strays = [];
  for (const stray of strays) merge(out, receive(begun.attempt, stray, now));
}

function dealingOf(c: Committee, plan: Plan): Dealing {
  const { roster } = plan;
  const holders = plan.holders.map((key) => indexOf(roster, key)).sort((a, b) => a - b);
  const index = plan.holders.includes(c.self) ? indexOf(roster, c.self) : undefined;
  const common = { threshold: roster.threshold, holders, index, random: c.random };
  if (plan.kind === 'generate') return dealFresh(common);
  const { active } = c.records;
  invariant(active !== undefined, 'a resharing without a key');
  const dealers = plan.dealers.map((key) => indexOf(active.roster, key)).sort((a, b) => a - b);
  const oldShare = plan.dealers.includes(c.self) ? active.key : undefined;
  return dealAgain({ ...common, dealers, old: active.keys, oldShare });
}

/** A leader proposes an attempt: we join it or say why not. */
export function onPropose(c: Committee, message: Incoming, now: number, out: Effects): void {
  const plan = readBody('propose', message.body)?.plan;
  if (plan === undefined || planHash(plan) !== message.sid || plan.leader !== message.from) return;
  if (c.attempt?.id === message.sid || message.envelope.to !== everyone) return;
  const refused = c.refused.get(message.sid);
  if (refused !== undefined) {
    out.send.push(refused);
    return;
  }
  if (plan.gen < nextGen(c)) {
    tellCertificate(c, message.from, out);
    return;
  }
  const reason = judgePlan(c, plan, now);
  if (reason === undefined) {
    start(c, plan, message.envelope, now, out);
    return;
  }
  if (isSeating(reason)) c.failures++;
  const said = declineOf(c, message, plan, reason);
  c.refused = new Map([...c.refused, [message.sid, said] as const].slice(-16));
  out.send.push(said);
  out.events.push({ type: 'declined', by: c.self, reason });
}

/** Whether a reason is about who takes part: then it names the party. */
const isSeating = ({ code }: { readonly code: string }): boolean =>
  code === 'ExclusionUnfounded' || code === 'PartyExcluded';

/** All participants hear of it: without us nobody must wait, or call us silent. */
function declineOf(c: Committee, message: Incoming, plan: Plan, reason: Rejection): Outgoing {
  const { sid, gen } = message;
  const { code, message: text, data } = reason;
  const body = {
    attempt: sid,
    reason: { code, message: text },
    seen: markOf(c, plan.gen),
    ...(isSeating(reason) ? { party: data?.party } : {}),
  };
  const all = new Set([...plan.dealers, ...plan.holders]);
  const to = [...all].filter((key) => key !== c.self).sort();
  return { sid, gen, type: 'decline', to, isPrivate: false, body };
}

/** What a party's refusal tells us. The word of one party leaves nobody else out. */
function countDecline(c: Committee, plan: Plan, from: PartyKey, said: Bodies['decline']): void {
  const { seen, party, reason } = said;
  c.seenAttempt = Math.max(c.seenAttempt, Math.min(seen, plan.attempt + wordMax - 1));
  c.declines.set(from, declinesOf(c, from) + 1);
  if (plan.leader !== c.self) return;
  const most = Math.max(...c.declines.values());
  if (isTiresome(c, from) && declinesOf(c, from) === most) c.scores.set(from, score(c, from) + 1);
  if (party === undefined || party === c.self || party === from) return;
  if (reason.code === 'ExclusionUnfounded') {
    if (!c.pleas.has(from)) c.scores.delete(party);
    c.pleas.add(from);
    return;
  }
  const by = (c.shunned.get(party) ?? new Set()).add(from);
  c.shunned.set(party, by);
  // More than can lie together: one of them is honest.
  const { roster, kind } = plan;
  const honestMin = kind === 'generate' ? foundersMin(roster) : roster.threshold;
  if (by.size > roster.parties.length - honestMin) c.scores.set(party, faultsMax);
}

/** A proof that a party said two things holds for everybody, whenever it is shown. */
export function onProofs(c: Committee, message: Incoming, out: Effects): void {
  for (const { party, proof } of readBody('abort', message.body)?.accusations ?? []) {
    const [a, b] = proof;
    if (a === undefined || b === undefined || a.from !== party || c.proven.has(party)) continue;
    if (!isEquivocation(a, b, c.verify)) continue;
    const detail = `said two things as its ${a.type}`;
    const blame = { party, kind: 'Equivocated' as const, where: a.type, detail, proof };
    c.proven.set(party, blame);
    const known = c.records.active?.roster ?? c.records.roster;
    const name = known ? nameOf(known, party) : party;
    out.events.push({ type: 'blame', blame, name });
  }
}

/** What an attempt has come to. */
export function settleAttempt(c: Committee, out: Effects, now: number): void {
  if (out.pending !== undefined) {
    const { pending } = out;
    c.records = { ...c.records, pending: [...c.records.pending, pending] };
    delete out.pending;
  }
  const { attempt } = c;
  if (attempt === undefined || attempt.outcome === 'running') return;
  c.attempt = undefined;
  c.over = [...c.over, attempt.id].slice(-16);
  if (attempt.outcome === 'failed') {
    if (attempt.isTelling) c.lingering.push({ attempt, until: now + c.timing.phaseMs });
    countFailure(c, attempt, now);
    return;
  }
  const { certificate, keys, plan } = attempt;
  invariant(certificate !== undefined && keys !== undefined, 'done without a certificate');
  adopt(c, { certificate, keys, roster: plan.roster }, undefined);
  if (plan.previous !== undefined) out.events.push({ type: 'retired', gen: plan.previous.gen });
  c.lingering.push({ attempt, until: now + c.timing.lingerMs });
}

function countFailure(c: Committee, attempt: Attempt, now: number): void {
  for (const blame of attempt.blames) {
    c.scores.set(blame.party, score(c, blame.party) + 1);
    if (isProven(blame)) c.proven.set(blame.party, blame);
  }
  for (const [key, said] of attempt.declined) countDecline(c, attempt.plan, key, said);
  const { leader } = attempt.plan;
  if (leader !== c.self) {
    const count = (c.failedLeads.get(leader)?.count ?? 0) + 1;
    c.failedLeads.set(leader, { count, at: now });
  }
  c.failures++;
  const { goal, timing } = c;
  if (goal === undefined) return;
  const n = goal.roster.parties.length;
  const isFirst = goal.kind === 'generate';
  const place = indexOf(goal.roster, c.self) - 1 - (c.failures % n);
  const turn = isFirst ? (place + n) % n : 0;
  const patience = isFirst ? 0 : Math.min(c.failures, 10) * timing.leadMs;
  c.nextLeadAt = now + timing.retryMs + turn * timing.leadMs + patience;
}
