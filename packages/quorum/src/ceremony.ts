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
import { type Bodies, type Plan, readBody } from './messages.ts';
import { attemptOf, receive } from './receive.ts';
import {
  foundersMin,
  indexOf,
  judgeRoster,
  nameOf,
  type PartyKey,
  type Roster,
  rosterHash,
} from './roster.ts';
import type { Committee } from './state.ts';

const declinesMax = 3;
/** Silences for which a party is left out: one may be bad luck, or another attempt's doing. */
const faultsMax = 2;
/** Failures after which a party sits with whom it would rather not: it can be no worse off. */
const patience = 4;
/** Failures after which a resharing is given up: the generation so far goes on. */
const failuresMax = 16;
/** How far the number of an attempt may be ahead of what we know, or nobody could count on. */
const aheadMax = 1_000_000;
/**
 * How far a party's word moves our count. So much less that whoever was away is met at once, even
 * after hundreds of false words.
 */
const wordMax = 1000;

const score = (c: Committee, key: PartyKey): number => c.scores.get(key) ?? 0;
const isTiresome = (c: Committee, key: PartyKey): boolean =>
  (c.declines.get(key) ?? 0) > declinesMax;
const nextGen = (c: Committee): number => (c.records.active?.certificate.gen ?? 0) + 1;

/** The attempt that we joined last for a generation. */
const markOf = (c: Committee, gen: number): number =>
  c.records.mark.gen === gen ? c.records.mark.attempt : 0;

/** Fewest holders of a first key here: what its operator said, but never less than is safe. */
export const foundersOf = ({ holdersMin = 0 }: Committee, roster: Roster): number =>
  Math.max(holdersMin, foundersMin(roster));

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

const short = (what: string, found: number, required: number): Rejection =>
  reject('QuorumShort', `only ${found} ${what} are left, ${required} are needed`, {
    found,
    required,
  });

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

/** The last attempt that we have heard of. */
const lastKnown = (c: Committee, gen: number): number => Math.max(markOf(c, gen), c.seenAttempt);

/** Whether we may take part in what is proposed. */
function judgePlan(c: Committee, plan: Plan, now: number): Rejection | undefined {
  if (c.attempt !== undefined) {
    return reject('CeremonyBusy', 'another attempt is going on');
  }
  const { gen, attempt } = plan;
  if (gen !== nextGen(c)) {
    return reject('GenerationWrong', `generation ${nextGen(c)} is the next, not ${gen}`);
  }
  if (attempt <= markOf(c, gen)) {
    return reject('AttemptOld', `attempt ${attempt} is over, or we were in it before a restart`);
  }
  const known = lastKnown(c, gen);
  if (attempt > known + aheadMax) {
    // Numbers that leap would soon be spent; after a long absence we come nearer, but slowly.
    if (now >= c.nextLeapAt) {
      c.seenAttempt = known + aheadMax;
      c.nextLeapAt = now + c.timing.leadMs;
    }
    return reject('AttemptFar', `attempt ${attempt} is far ahead of ${known}`);
  }
  const lead = c.failedLeads.get(plan.leader);
  if (lead !== undefined && now < lead.at + Math.min(lead.count - 1, 4) * c.timing.leadMs) {
    return reject('LeaderTired', 'attempts of this leader have failed; let another lead');
  }
  return judgeRoster(plan.roster) ?? judgeKind(c, plan) ?? judgeParties(c, plan);
}

function judgeKind(c: Committee, plan: Plan): Rejection | undefined {
  const { active, roster, approved } = c.records;
  const hash = rosterHash(plan.roster);
  const wrong = (message: string) => reject('ProposalWrong', message);
  if (plan.kind === 'generate') {
    if (active !== undefined || plan.previous !== undefined) return wrong('there is a key already');
    if (roster === undefined || rosterHash(roster) !== hash) return wrong('another roster');
    const isSame = plan.dealers.join() === plan.holders.join();
    return isSame ? undefined : wrong('dealers of a new key are its holders');
  }
  if (active === undefined || plan.previous === undefined) return wrong('there is no key yet');
  const { groupKey, gen } = active.certificate;
  if (plan.previous.groupKey !== groupKey || plan.previous.gen !== gen) return wrong('another key');
  if (indexOf(active.roster, plan.leader) === 0) return wrong('its leader is no member');
  if (hash !== rosterHash(active.roster) && !approved.includes(hash)) {
    const message = `roster ${hash} is not approved here: compare it, then quorum approve`;
    return reject('RosterUnapproved', message, { roster: hash });
  }
  const had = active.certificate.holders.map((index) => active.roster.parties[index - 1]?.key);
  const isQuorum =
    plan.dealers.length === active.roster.threshold &&
    new Set(plan.dealers).size === plan.dealers.length &&
    plan.dealers.every((key) => had.includes(key));
  if (!isQuorum) return wrong('dealers are not a quorum of the holders so far');
  const deals = plan.dealers.includes(c.self);
  return deals && active.key === undefined ? wrong('we hold no share to deal') : undefined;
}

function judgeParties(c: Committee, plan: Plan): Rejection | undefined {
  const { roster, holders, dealers } = plan;
  const indexes = holders.map((key) => indexOf(roster, key));
  const isRising = indexes.every((each, i) => each > (indexes[i - 1] ?? 0));
  const isSelf = holders.includes(c.self) || dealers.includes(c.self);
  if (!isRising || !isSelf) return reject('ProposalWrong', 'holders are not parties of the roster');
  const min = plan.kind === 'generate' ? foundersOf(c, roster) : roster.threshold;
  if (holders.length < min) return short('holders', holders.length, min);
  const liar = [...holders, ...dealers].find((key) => c.proven.has(key));
  if (liar !== undefined && c.failures < patience) {
    return reject('PartyExcluded', `${nameOf(roster, liar)} has lied`, { party: liar });
  }
  const out = roster.parties.find(
    ({ key }) =>
      !holders.includes(key) && !c.proven.has(key) && score(c, key) === 0 && !isTiresome(c, key),
  );
  // Others may have seen what we did not, or we have forgotten it with a restart: the third time
  // the leader's word will do, because a smaller generation still takes the threshold to sign.
  // Not that of one who stops attempts itself: it would leave out whomever it likes.
  const isBelieved = score(c, plan.leader) === 0 && !isTiresome(c, plan.leader);
  if (out === undefined || (c.failures >= 2 && isBelieved)) return undefined;
  const message = `${out.name} is left out, and we know of no fault`;
  return reject('ExclusionUnfounded', message, { party: out.key });
}

/** What a party's refusal tells us. The word of one party leaves nobody else out. */
function countDecline(c: Committee, plan: Plan, from: PartyKey, said: Bodies['decline']): void {
  const { seen, party, reason } = said;
  c.seenAttempt = Math.max(c.seenAttempt, Math.min(seen, plan.attempt + wordMax - 1));
  const count = (c.declines.get(from) ?? 0) + 1;
  c.declines.set(from, count);
  if (plan.leader !== c.self) return;
  if (count > declinesMax) c.scores.set(from, score(c, from) + 1);
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
