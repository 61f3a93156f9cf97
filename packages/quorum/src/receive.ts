/** How an attempt takes messages and time. */
import {
  type Attempt,
  blameOf,
  type Effects,
  end,
  expected,
  fail,
  noEffects,
  others,
  type Phase,
  phases,
} from './attempt.ts';
import type { Blame } from './blame.ts';
import { advance, expire } from './conclude.ts';
import { type Envelope, everyone, type Incoming, isEquivocation } from './envelope.ts';
import { type Bodies, readBody } from './messages.ts';
import type { PartyKey } from './roster.ts';

const earlyMax = 400;

/** A broadcast that somebody passed on, as if it had come from its sender. */
export function openBroadcast(envelope: Envelope): Incoming | undefined {
  if (envelope.to !== everyone) return undefined;
  try {
    const { payload, signature: _, ...header } = envelope;
    return { ...header, body: JSON.parse(payload), envelope };
  } catch {
    return undefined;
  }
}

/** Takes one message that belongs to this attempt. The caller has checked its signature. */
export function receive(a: Attempt, message: Incoming, now: number): Effects {
  const out = noEffects();
  if (a.outcome !== 'running' || !a.participants.includes(message.from)) return out;
  if (message.type === 'abort') takeAbort(a, message, now, out);
  else if (message.type === 'decline') takeDecline(a, message, out);
  else take(a, message, now, out);
  advance(a, now, out);
  return out;
}

function take(a: Attempt, message: Incoming, now: number, out: Effects): void {
  if (message.type === 'gossip') {
    const body = readBody('gossip', message.body);
    if (body?.attempt === a.id) takeAll(a, body.envelopes, now, out);
    return;
  }
  const type = message.type as Phase;
  if (!phases.includes(type) || message.gen !== a.plan.gen) return;
  if (type !== 'hello' && a.sid === undefined) {
    if (a.early.length < earlyMax) a.early.push(message);
    return;
  }
  if (message.sid !== (type === 'hello' ? a.id : a.sid)) return;
  store(a, type, message, now, out);
  if (type === 'hello' && a.sid === undefined) meetEarly(a, now, out);
}

/** Messages that came before the session had a name wait until it has one. */
function meetEarly(a: Attempt, now: number, out: Effects): void {
  if (a.participants.some((key) => !a.bodies.hello.has(key))) return;
  advance(a, now, out);
  for (const early of a.early.splice(0)) take(a, early, now, out);
}

/** Envelopes that another party passed on; each stands on its own signature. */
function takeAll(a: Attempt, envelopes: readonly Envelope[], now: number, out: Effects): void {
  for (const envelope of envelopes) {
    if (a.outcome !== 'running') return;
    const inner = openBroadcast(envelope);
    const isOurs = inner && a.participants.includes(inner.from) && inner.from !== a.self;
    if (!isOurs) continue;
    if (inner.type === 'decline') {
      if (a.verify(envelope)) takeDecline(a, inner, out);
      continue;
    }
    if (!phases.some((each) => each === inner.type)) continue;
    const known = a.envelopes[inner.type as Phase].get(inner.from);
    if (known?.payload === envelope.payload && known.sid === envelope.sid) continue;
    if (a.verify(envelope)) take(a, inner, now, out);
  }
}

function store(a: Attempt, type: Phase, message: Incoming, now: number, out: Effects): void {
  const { from, envelope } = message;
  const isExpected = type === 'reveal' ? a.plan.dealers.includes(from) : isOf(a, type, from);
  // What all must hear alike is never said to one alone, and a share never to all.
  const isAddressed = (type === 'deal') !== (envelope.to === everyone);
  if (!isExpected || !isAddressed || from === a.self) return;
  const known = a.envelopes[type].get(from);
  if (known !== undefined) {
    if (!isEquivocation(known, envelope, a.verify)) return;
    const detail = `said two things as its ${type}`;
    fail(a, [blameOf(a, from, 'Equivocated', detail, [known, envelope])], out);
    return;
  }
  const body = readBody(type, message.body);
  if (body === undefined || (type !== 'hello' && (body as { attempt?: string }).attempt !== a.id)) {
    const proof = envelope.to === everyone ? [envelope] : [];
    fail(a, [blameOf(a, from, 'MessageWrong', `its ${type} makes no sense`, proof)], out);
    return;
  }
  // A private share is spoken to us alone; a complaint in the open is its remedy.
  if (type === 'deal' && a.bodies.deal.has(from)) return;
  a.envelopes[type].set(from, envelope);
  (a.bodies[type] as Map<PartyKey, unknown>).set(from, body);
  if (type === 'echo') takeAll(a, (body as Bodies['echo']).packages, now, out);
}

const isOf = (a: Attempt, type: Phase, from: PartyKey): boolean => expected(a, type).includes(from);

/**
 * A party does not join: without it nothing comes of the attempt, and nobody is to blame. Only who
 * said hello before is: it has left the others to wait for it.
 */
function takeDecline(a: Attempt, message: Incoming, out: Effects): void {
  const { from, envelope } = message;
  const body = readBody('decline', message.body);
  if (body?.attempt !== a.id || envelope.to !== everyone) return;
  a.declined.set(from, body);
  out.events.push({ type: 'declined', by: from, reason: body.reason });
  const detail = 'said hello, and then that it does not take part';
  const blames = a.bodies.hello.has(from) ? [blameOf(a, from, 'Abandoned', detail)] : [];
  fail(a, blames, out, [{ party: from, kind: 'Declined', where: 'hello', proof: [envelope] }]);
}

/** Another party has given up. Its reasons are judged by what we saw ourselves. */
function takeAbort(a: Attempt, message: Incoming, now: number, out: Effects): void {
  const body = readBody('abort', message.body);
  if (body?.attempt !== a.id) return;
  for (const { proof } of body.accusations) takeAll(a, proof, now, out);
  if (a.outcome !== 'running') return;
  const blames: Blame[] = [];
  for (const { party, kind, where } of body.accusations) {
    const phase = phases.find((each) => each === where);
    const isSeen = phase !== undefined && a.bodies[phase].has(party);
    const isCredible = kind === 'Silent' && party !== a.self && !isSeen;
    if (!isCredible) continue;
    const detail = `said nothing in the phase ${where}, says another party`;
    blames.push({ ...blameOf(a, party, 'Silent', detail), where, reportedBy: message.from });
  }
  if (blames.length > 0) {
    end(a, blames, out);
    return;
  }
  // It may have seen a lie that we are about to see: what it saw is on its way.
  if (!a.doubts.has(message.from)) a.doubts.set(message.from, now + a.timing.phaseMs / 2);
}

/** Lets time pass: says again what may have been lost, ends what took too long. */
export function tick(a: Attempt, now: number): Effects {
  const out = noEffects();
  const { phaseMs, resendMs } = a.timing;
  if (a.outcome === 'failed' && !a.isTelling) return out;
  const doubted = [...a.doubts].filter(([, until]) => until <= now).map(([key]) => key);
  if (a.outcome === 'running' && doubted.length > 0) {
    const detail = 'ended the attempt for a cause that we do not see';
    end(
      a,
      doubted.map((key) => blameOf(a, key, 'Abandoned', detail)),
      out,
    );
    return out;
  }
  if (a.outcome === 'running' && now - a.since >= phaseMs) {
    expire(a, now, out);
    return out;
  }
  if (now - a.spokeAt < resendMs) return out;
  a.spokeAt = now;
  const recent = recentPhases(a);
  const isRecent = (type: string): boolean =>
    type === 'certified' ||
    type === 'abort' ||
    (type === 'propose' && a.phase === 'hello') ||
    recent.includes(type as Phase);
  out.send.push(...a.said.filter((each) => isRecent(each.type)));
  if (a.outcome !== 'done') gossip(a, recent, out);
  return out;
}

/** Somebody behind may need what was said in this phase and the two before. */
function recentPhases(a: Attempt): Phase[] {
  const at = phases.indexOf(a.phase);
  return phases.slice(Math.max(0, at - 2), at + 1);
}

/** Passes on what others said, so that nobody can be silent to a few. */
function gossip(a: Attempt, recent: readonly Phase[], out: Effects): void {
  const attempt = a.id;
  for (const phase of recent) {
    if (phase === 'deal') continue;
    const heard = [...a.envelopes[phase].values()];
    // Nor can a leader be silent to a few.
    const isOpen = phase === 'hello' && a.outcome === 'running' && a.proposal !== undefined;
    if (isOpen && a.proposal) heard.unshift(a.proposal);
    // Echoes are large, so they go one by one.
    const groups = phase === 'echo' ? heard.map((each) => [each]) : [heard];
    for (const envelopes of groups) {
      if (envelopes.length === 0) continue;
      const body = { attempt, envelopes };
      const { gen } = a.plan;
      out.send.push({ sid: a.id, gen, type: 'gossip', to: others(a), isPrivate: false, body });
    }
  }
}

/** Attempt that a message speaks of; undefined for those of other kinds. */
export function attemptOf(message: Incoming): string | undefined {
  if (message.type === 'hello') return message.sid;
  const body = message.body as { attempt?: unknown } | null;
  return typeof body?.attempt === 'string' ? body.attempt : undefined;
}
