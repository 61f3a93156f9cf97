/** What a party holds against a plan that somebody proposes, and against who is in it. */
import { type Rejection, reject } from '@holdfast/units';
import type { Plan } from './messages.ts';
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
export const faultsMax = 2;
/** Failures after which a party sits with whom it would rather not: it can be no worse off. */
const patience = 4;
/** How far the number of an attempt may be ahead of what we know, or nobody could count on. */
const aheadMax = 1_000_000;

export const score = (c: Committee, key: PartyKey): number => c.scores.get(key) ?? 0;
export const declinesOf = (c: Committee, key: PartyKey): number => c.declines.get(key) ?? 0;
export const isTiresome = (c: Committee, key: PartyKey): boolean =>
  declinesOf(c, key) > declinesMax;
export const nextGen = (c: Committee): number => (c.records.active?.certificate.gen ?? 0) + 1;

/** The attempt that we joined last for a generation. */
export const markOf = (c: Committee, gen: number): number =>
  c.records.mark.gen === gen ? c.records.mark.attempt : 0;

/** Fewest holders of a first key here: what its operator said, but never less than is safe. */
export const foundersOf = ({ holdersMin = 0 }: Committee, roster: Roster): number =>
  Math.max(holdersMin, foundersMin(roster));

export const short = (what: string, found: number, required: number): Rejection =>
  reject('QuorumShort', `only ${found} ${what} are left, ${required} are needed`, {
    found,
    required,
  });

/** The last attempt that we have heard of. */
export const lastKnown = (c: Committee, gen: number): number =>
  Math.max(markOf(c, gen), c.seenAttempt);

/** Whether we may take part in what is proposed. */
export function judgePlan(c: Committee, plan: Plan, now: number): Rejection | undefined {
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
  // Who leads at the same time as others declines now and then: a leader that declines more may
  // not leave it out for that.
  const isFree = (key: PartyKey): boolean =>
    isTiresome(c, key) && declinesOf(c, key) > declinesOf(c, plan.leader);
  const out = roster.parties.find(
    ({ key }) =>
      !holders.includes(key) && !c.proven.has(key) && score(c, key) === 0 && !isFree(key),
  );
  // Others may have seen what we did not, or we have forgotten it with a restart: the third time
  // the leader's word will do, because a smaller generation still takes the threshold to sign.
  // Not that of one who stops attempts itself: it would leave out whomever it likes.
  const isBelieved = score(c, plan.leader) === 0 && !isTiresome(c, plan.leader);
  // A key that is dealt anew has one leader alone: one bad moment of it, which may have been ours,
  // must not stop it for good.
  const isLast = plan.kind === 'reshare' && c.failures >= 2 * patience;
  const isPardoned = isLast && score(c, plan.leader) < faultsMax && !isTiresome(c, plan.leader);
  if (out === undefined || (c.failures >= 2 && isBelieved) || isPardoned) return undefined;
  const message = `${out.name} is left out, and we know of no fault`;
  return reject('ExclusionUnfounded', message, { party: out.key });
}
