/** Which generation of the key is alive, and how a party learns of it. */
import type { Effects } from './attempt.ts';
import { isCertificate, isCertified } from './certificate.ts';
import { createCoordinator } from './coordinator.ts';
import type { Incoming } from './envelope.ts';
import { type Bodies, type Certificate, readBody } from './messages.ts';
import { foundersMin, indexOf, type PartyKey, rosterHash } from './roster.ts';
import { createSigner } from './signer.ts';
import type { Committee } from './state.ts';

/** A party that is behind asks: it gets the certificate of what it missed. */
export function onStatus(c: Committee, message: Incoming, out: Effects): void {
  const seen = readBody('status', message.body);
  const { active } = c.records;
  if (seen !== undefined && active !== undefined && isAfter(active.certificate, seen)) {
    tellCertificate(c, message.from, out);
  }
}

/** Tells one party which generation is alive. */
export function tellCertificate(c: Committee, to: PartyKey, out: Effects): void {
  const { active } = c.records;
  if (active === undefined) return;
  const { certificate, roster, keys } = active;
  const { sid, gen } = certificate;
  const body = { certificate, roster, keys };
  out.send.push({ sid, gen, type: 'certified', to: [to], isPrivate: false, body });
}

/** Somebody says that a generation lives. */
export function onCertified(c: Committee, message: Incoming, out: Effects): void {
  const body = readBody('certified', message.body);
  if (body === undefined) return;
  const isHolder = adopt(c, body, message.from);
  if (isHolder === undefined) return;
  out.events.push({ type: 'certified', certificate: body.certificate, isHolder });
}

/**
 * Makes a certified generation ours, if it is later than what we have and its key is one that we
 * know: by our share of it, as the key so far, or from as many members as make a signature, if
 * one of them is honest.
 */
export function adopt(
  c: Committee,
  body: Bodies['certified'],
  from: PartyKey | undefined,
): boolean | undefined {
  const { certificate, roster, keys } = body;
  const { active, pending } = c.records;
  const last = active?.certificate;
  const isLater = last === undefined || isAfter(certificate, last);
  if (!isLater || !isCertificate(certificate, roster) || !isCertified(certificate, keys)) {
    return undefined;
  }
  const held = pending.find((each) => each.sid === certificate.sid);
  const isOurs = held !== undefined && isCertified(certificate, held.key.keys);
  const isSame = last !== undefined && certificate.groupKey === last.groupKey;
  if (last !== undefined && !isSame && certificate.gen !== last.gen) return undefined;
  if (!isOurs && !isSame && !isWitnessed(c, body, from)) return undefined;
  const generation = { roster, certificate, keys };
  c.records = {
    ...c.records,
    active: isOurs ? { ...generation, key: held.key } : generation,
    // A later attempt at the same generation may still show its life, and would then hold.
    pending: pending.filter((each) => isAfter(each, certificate)),
  };
  c.goal = undefined;
  if (c.attempt !== undefined && c.attempt.plan.gen <= certificate.gen) c.attempt = undefined;
  c.witnesses.clear();
  c.scores.clear();
  c.declines.clear();
  c.shunned.clear();
  c.pleas.clear();
  c.failedLeads.clear();
  c.failures = 0;
  // Numbers begin anew with each generation: nobody can be behind.
  c.seenAttempt = 0;
  openSigning(c);
  return isOurs;
}

type Place = Pick<Certificate, 'gen' | 'attempt' | 'sid'>;
/** Of two sessions of one number the name decides, so that all come to the same one. */
const isAfter = (a: Place, b: Place): boolean =>
  a.gen !== b.gen ? a.gen > b.gen : a.attempt !== b.attempt ? a.attempt > b.attempt : a.sid > b.sid;

function isWitnessed(c: Committee, body: Bodies['certified'], from: PartyKey | undefined): boolean {
  const { roster } = c.records;
  if (roster === undefined || from === undefined) return false;
  if (rosterHash(roster) !== body.certificate.roster || indexOf(roster, from) === 0) return false;
  const { signature } = body.certificate;
  const seen = (c.witnesses.get(signature) ?? new Set()).add(from);
  c.witnesses.set(signature, seen);
  const liarsMax = roster.parties.length - foundersMin(roster);
  return seen.size >= Math.max(roster.threshold, liarsMax + 1);
}

/** Signs with the active generation from now on. */
export function openSigning(c: Committee): void {
  const { active } = c.records;
  if (active === undefined) return;
  const { random, judge, timing, self, digest } = c;
  const { gen } = active.certificate;
  const { roster, keys, key } = active;
  // Nonces of the old generation die here with their sessions.
  c.signer = key && createSigner({ share: key, gen, random, judge, digest });
  c.coordinator = createCoordinator({ self, gen, roster, keys, random, timing, digest });
}
