/** What ends each phase of an attempt, and what the next begins with. */
import { fromHex, type Hex, invariant, toHex } from '@holdfast/units';
import {
  type Attempt,
  blameOf,
  type Effects,
  emit,
  enter,
  expected,
  fail,
  holderIndexes,
  isHolder,
  missing,
  type Phase,
  packagesOf,
  say,
  sessionId,
} from './attempt.ts';
import type { Blame } from './blame.ts';
import { certificateBytes, transcriptOf } from './certificate.ts';
import { isDealt } from './dealing.ts';
import type { Certificate } from './messages.ts';
import { indexOf, type PartyKey, rosterHash } from './roster.ts';
import { frost, frostCommitments, frostPublic, frostSecret, type NoncePair } from './suite.ts';

const isPresent = <T>(value: T | undefined): value is T => value !== undefined;

/** Goes on as far as what has come in allows. */
export function advance(a: Attempt, now: number, out: Effects): void {
  while (a.outcome === 'running' && missing(a).length === 0) conclude[a.phase](a, now, out);
}

/** The deadline of a phase has passed: names the silent, or lets them answer in the open. */
export function expire(a: Attempt, now: number, out: Effects): void {
  if (a.phase === 'deal') {
    // A share that did not come is complained of like one that is wrong.
    judgeShares(a, now, out);
    advance(a, now, out);
    return;
  }
  const silent = missing(a).map((key) =>
    blameOf(a, key, 'Silent', `said nothing in the phase ${a.phase}`),
  );
  fail(a, silent, out);
}

const conclude: Readonly<Record<Phase, (a: Attempt, now: number, out: Effects) => void>> = {
  hello(a, now, out) {
    const nonces = a.participants.map((key) => a.bodies.hello.get(key)?.nonce).filter(isPresent);
    a.sid = sessionId(a.plan, nonces);
    a.dealing = a.deal();
    enter(a, 'commit', now, out);
    const { own } = a.dealing;
    if (own === undefined) return;
    const { proof } = own;
    const body = { attempt: a.id, commitments: [...own.commitments] };
    say(a, 'commit', proof ? { ...body, proof } : body, out);
  },
  commit(a, now, out) {
    enter(a, 'echo', now, out);
    const packages = a.plan.dealers.map((key) => a.envelopes.commit.get(key)).filter(isPresent);
    say(a, 'echo', { attempt: a.id, packages }, out);
  },
  echo(a, now, out) {
    const blames = judgeEchoes(a);
    if (blames.length > 0) return fail(a, blames, out);
    deal(a, now, out);
  },
  deal: (a, now, out) => judgeShares(a, now, out),
  verdict(a, now, out) {
    const blames = judgeVerdicts(a);
    if (blames.length > 0) return fail(a, blames, out);
    for (const [accuser, { against }] of a.bodies.verdict) {
      for (const dealer of against) {
        a.accused.set(dealer, [...(a.accused.get(dealer) ?? []), accuser]);
      }
    }
    enter(a, 'reveal', now, out);
    const accusers = a.accused.get(a.self);
    if (accusers === undefined) return;
    const shares = accusers.map((to) => ({ to, share: shareFor(a, to) }));
    say(a, 'reveal', { attempt: a.id, shares }, out);
  },
  reveal(a, now, out) {
    const blames = judgeReveals(a);
    if (blames.length > 0) return fail(a, blames, out);
    confirm(a, now, out);
  },
  confirm(a, now, out) {
    const { keys } = a;
    invariant(keys !== undefined && a.sid !== undefined, 'nothing to confirm');
    const transcript = transcriptOf(a.sid, keys);
    const wrong = [...a.bodies.confirm]
      .filter(([, said]) => said.transcript !== transcript)
      .map(([key]) => {
        const proof = [a.envelopes.confirm.get(key)];
        return blameOf(a, key, 'ConfirmWrong', 'has another transcript', proof);
      });
    if (wrong.length > 0) return fail(a, wrong, out);
    enter(a, 'life', now, out);
    if (a.key === undefined || a.nonces === undefined) return;
    const partial = frost.signShare(
      frostSecret(a.key),
      frostPublic(keys),
      a.nonces,
      frostCommitments(lifeNonces(a)),
      certificateBytes(toCertify(a)),
    );
    a.nonces = undefined;
    say(a, 'life', { attempt: a.id, partial: toHex(partial) }, out);
  },
  life(a, _now, out) {
    certify(a, out);
  },
};

const shareFor = (a: Attempt, to: PartyKey): Hex =>
  toHex(a.dealing?.shareFor(indexOf(a.plan.roster, to)) ?? new Uint8Array(32));

/** Everybody must have passed on what every other dealer signed; then packages are judged. */
function judgeEchoes(a: Attempt): Blame[] {
  const blames: Blame[] = [];
  for (const [key, { packages }] of a.bodies.echo) {
    if (key === a.self) continue;
    const seen = new Set(packages.map((each) => each.from));
    const left = a.plan.dealers.filter((dealer) => dealer !== key && !seen.has(dealer));
    // Whose packages differ was seen when they came in; here they can only be wrong or missing.
    const isOff = packages.some((each) => {
      const ours = a.envelopes.commit.get(each.from)?.payload;
      const own = each.from === a.self ? JSON.stringify(a.bodies.commit.get(a.self)) : undefined;
      return each.type !== 'commit' || each.sid !== a.sid || each.payload !== (ours ?? own);
    });
    if (left.length === 0 && !isOff) continue;
    const detail = 'passed on packages that are incomplete or not signed by their dealers';
    blames.push(blameOf(a, key, 'EchoWrong', detail, [a.envelopes.echo.get(key)]));
  }
  if (blames.length > 0) return blames;
  const keyAt = new Map(a.plan.dealers.map((key) => [indexOf(a.dealerRoster, key), key]));
  for (const [dealer, fault] of a.dealing?.judge(packagesOf(a)) ?? []) {
    const key = keyAt.get(dealer);
    if (key === undefined) continue;
    blames.push(blameOf(a, key, 'PackageWrong', fault, [a.envelopes.commit.get(key)]));
  }
  return blames;
}

function deal(a: Attempt, now: number, out: Effects): void {
  enter(a, 'deal', now, out);
  if (a.sid === undefined || !a.plan.dealers.includes(a.self)) return;
  for (const to of a.plan.holders) {
    const body = { attempt: a.id, share: shareFor(a, to) };
    if (to === a.self) a.bodies.deal.set(to, body);
    else emit(a, { sid: a.sid, type: 'deal', to: [to], isPrivate: true, body }, out);
  }
}

function judgeShares(a: Attempt, now: number, out: Effects): void {
  enter(a, 'verdict', now, out);
  const { index } = a;
  if (index === undefined) return;
  const packages = packagesOf(a);
  const against = expected(a, 'deal').filter((key) => {
    if (key === a.self) return false;
    const dealt = packages.get(indexOf(a.dealerRoster, key));
    const share = a.bodies.deal.get(key)?.share;
    if (dealt && share && isDealt(dealt, index, share)) return false;
    a.bodies.deal.delete(key);
    return true;
  });
  say(a, 'verdict', { attempt: a.id, against }, out);
}

/** Only dealers can be complained of, each once, and nobody complains of itself. */
function judgeVerdicts(a: Attempt): Blame[] {
  const isWrong = (accuser: PartyKey, against: readonly PartyKey[]): boolean =>
    new Set(against).size < against.length ||
    against.some((dealer) => dealer === accuser || !a.plan.dealers.includes(dealer));
  return [...a.bodies.verdict]
    .filter(([accuser, { against }]) => isWrong(accuser, against))
    .map(([accuser]) => {
      const proof = [a.envelopes.verdict.get(accuser)];
      return blameOf(a, accuser, 'MessageWrong', 'complains of who did not deal', proof);
    });
}

/** An accused dealer shows each accuser's share to all; then anybody can judge it. */
function judgeReveals(a: Attempt): Blame[] {
  const packages = packagesOf(a);
  const blames: Blame[] = [];
  for (const [dealer, accusers] of a.accused) {
    const dealt = packages.get(indexOf(a.dealerRoster, dealer));
    const shown = a.bodies.reveal.get(dealer)?.shares ?? [];
    for (const accuser of accusers) {
      const share = shown.find((each) => each.to === accuser)?.share;
      if (dealt && share && isDealt(dealt, indexOf(a.plan.roster, accuser), share)) {
        if (accuser === a.self) a.bodies.deal.set(dealer, { attempt: a.id, share });
        continue;
      }
      const proof = [a.envelopes.reveal.get(dealer), a.envelopes.commit.get(dealer)];
      const detail = 'dealt a share off its polynomial, and showed none that is on it';
      blames.push(blameOf(a, dealer, 'ShareWrong', detail, proof));
      break;
    }
  }
  return blames;
}

function confirm(a: Attempt, now: number, out: Effects): void {
  const { dealing, sid } = a;
  invariant(dealing !== undefined && sid !== undefined, 'no session yet');
  const packages = packagesOf(a);
  enter(a, 'confirm', now, out);
  if (!isHolder(a)) {
    a.keys = dealing.publicKeys(packages);
    return;
  }
  const shares = [...a.bodies.deal.values()].map(({ share }) => fromHex(share));
  a.key = dealing.sum(packages, shares);
  a.keys = dealing.publicKeys(packages);
  dealing.forget();
  const { gen, attempt, roster } = a.plan;
  out.pending = { gen, attempt, sid, roster, key: a.key };
  const { nonces, commitments } = frost.commit(frostSecret(a.key), (n = 32) => a.random(n));
  a.nonces = nonces;
  const pair = { hiding: toHex(commitments.hiding), binding: toHex(commitments.binding) };
  say(a, 'confirm', { attempt: a.id, transcript: transcriptOf(sid, a.keys), nonces: pair }, out);
}

const lifeNonces = (a: Attempt): Map<number, NoncePair> =>
  new Map([...a.bodies.confirm].map(([key, said]) => [indexOf(a.plan.roster, key), said.nonces]));

/** What the group key will say of itself. */
function toCertify(a: Attempt): Omit<Certificate, 'signature'> {
  const { plan, keys, sid } = a;
  invariant(keys !== undefined && sid !== undefined, 'nothing to certify');
  return {
    sid,
    gen: plan.gen,
    attempt: plan.attempt,
    roster: rosterHash(plan.roster),
    threshold: plan.roster.threshold,
    holders: holderIndexes(a),
    groupKey: keys.commitments[0] as Hex,
    transcript: transcriptOf(sid, keys),
  };
}

function certify(a: Attempt, out: Effects): void {
  invariant(a.keys !== undefined, 'nothing to certify');
  const said = toCertify(a);
  const [keys, bytes] = [frostPublic(a.keys), certificateBytes(said)];
  const list = frostCommitments(lifeNonces(a));
  const byIndex = new Map(a.plan.holders.map((key) => [indexOf(a.plan.roster, key), key]));
  const partials: Record<string, Uint8Array> = {};
  const wrong: PartyKey[] = [];
  for (const { identifier } of list) {
    const key = byIndex.get(Number(BigInt(`0x${identifier}`))) as PartyKey;
    partials[identifier] = fromHex(a.bodies.life.get(key)?.partial ?? '0x');
  }
  try {
    const signature = toHex(frost.aggregate(keys, list, bytes, partials));
    complete(a, { ...said, signature }, out);
  } catch (error) {
    for (const identifier of (error as { cheaters?: string[] }).cheaters ?? []) {
      wrong.push(byIndex.get(Number(BigInt(`0x${identifier}`))) as PartyKey);
    }
    if (wrong.length === 0) throw error;
    const blame = (key: PartyKey): Blame =>
      blameOf(a, key, 'PartialWrong', 'its signature share does not verify', [
        a.envelopes.life.get(key),
      ]);
    fail(a, wrong.map(blame), out);
  }
}

/** The generation lives. */
export function complete(a: Attempt, certificate: Certificate, out: Effects): void {
  a.outcome = 'done';
  a.certificate = certificate;
  a.dealing?.forget();
  const body = { certificate, roster: a.plan.roster, keys: a.keys };
  const { gen } = a.plan;
  // Also to those who were left out: one of them may hold an earlier attempt for the last.
  const all = [...a.participants, ...a.plan.roster.parties.map(({ key }) => key)];
  const to = [...new Set(all)].filter((key) => key !== a.self);
  const message = { sid: a.id, gen, type: 'certified' as const, to, isPrivate: false };
  a.said.push({ ...message, body });
  out.send.push({ ...message, body });
  out.events.push({ type: 'certified', certificate, isHolder: isHolder(a) });
}
