/**
 * A coordinator's half of a signature: picks signers, collects, aggregates, names whoever failed
 * and picks others. It learns no secret and needs no trust: the worst it can do is nothing.
 */
import { fromHex, type Hex, reject, toHex } from '@holdfast/units';
import type { Effects } from './attempt.ts';
import type { Blame, BlameKind } from './blame.ts';
import type { Incoming, Outgoing } from './envelope.ts';
import { readBody } from './messages.ts';
import { hashOf, nameOf, number6, type PartyKey, type Roster } from './roster.ts';
import { type Digest, digestOf, examining } from './signer.ts';
import {
  frost,
  frostCommitments,
  frostPublic,
  groupKeyOf,
  isPoint,
  type NoncePair,
  type PublicKeys,
  type Random,
} from './suite.ts';

/** One request for a signature, over as many sessions as it takes. */
export type Request = {
  /** Names the request; the first session has the same name. */
  readonly id: Hex;
  readonly message: Hex;
  readonly since: number;
  /** Numbers of those who may be asked; everybody unless told. */
  readonly among: readonly number[] | undefined;
  sid: Hex;
  signers: number[];
  phase: 'nonces' | 'partials';
  nonces: Map<number, NoncePair>;
  partials: Map<number, Hex>;
  startedAt: number;
  spokeAt: number;
  /** Parties that failed this request. */
  readonly failed: Map<number, Blame>;
  /** Of the silent, those that were asked a second time. */
  readonly spared: Set<number>;
};

export type Coordinator = {
  readonly self: PartyKey;
  readonly gen: number;
  readonly roster: Roster;
  readonly keys: PublicKeys;
  readonly random: Random;
  readonly timing: SignTiming;
  readonly digest?: Digest | undefined;
  readonly requests: Map<Hex, Request>;
  /** Nonces that signers gave in advance. */
  readonly pool: Map<number, NoncePair[]>;
  /** Numbers that failed lately, worst last. */
  readonly faults: Map<number, number>;
};

/** Patience with a signer, in ms. */
export type SignTiming = {
  readonly answerMs: number;
  readonly resendMs: number;
  readonly requestMs: number;
};

export function createCoordinator(
  options: Pick<Coordinator, 'self' | 'gen' | 'roster' | 'keys' | 'random' | 'timing' | 'digest'>,
): Coordinator {
  return { ...options, requests: new Map(), pool: new Map(), faults: new Map() };
}

const addressOf = (c: Coordinator, index: number): PartyKey =>
  c.roster.parties[index - 1]?.key as PartyKey;

function newSid(c: Coordinator, message: Hex): Hex {
  const key = fromHex(groupKeyOf(c.keys));
  const fields = [key, number6(c.gen), fromHex(c.self), c.random(32), fromHex(message)];
  return hashOf('sign', ...fields);
}

/** Signers in the order in which they are tried: the reliable first, ourselves among them. */
function candidates(c: Coordinator, { failed, among }: Request): number[] {
  const rank = (index: number): number =>
    (c.faults.get(index) ?? 0) * 1000 - (addressOf(c, index) === c.self ? 500 : 0) + index;
  return Object.keys(c.keys.holders)
    .map(Number)
    .filter((index) => !failed.has(index) && (among?.includes(index) ?? true))
    .sort((a, b) => rank(a) - rank(b));
}

/** Begins a request. Nonces given in advance save a round where there are some. */
export function request(
  c: Coordinator,
  message: Uint8Array,
  now: number,
  out: Effects,
  among?: readonly number[],
): Hex {
  const text = toHex(message);
  const id = newSid(c, text);
  const made: Request = {
    id,
    message: text,
    since: now,
    among,
    sid: id,
    signers: [],
    phase: 'nonces',
    nonces: new Map(),
    partials: new Map(),
    startedAt: now,
    spokeAt: now,
    failed: new Map(),
    spared: new Set(),
  };
  c.requests.set(id, made);
  start(c, made, now, out);
  return id;
}

function start(c: Coordinator, r: Request, now: number, out: Effects): void {
  const { threshold } = c.keys;
  if (candidates(c, r).length < threshold) spare(c, r);
  const chosen = candidates(c, r).slice(0, threshold);
  if (chosen.length < threshold) {
    giveUp(c, r, out);
    return;
  }
  r.signers = chosen.sort((a, b) => a - b);
  r.nonces = new Map();
  r.partials = new Map();
  r.startedAt = now;
  r.phase = 'nonces';
  for (const index of r.signers) {
    const pair = c.pool.get(index)?.pop();
    if (pair !== undefined) r.nonces.set(index, pair);
  }
  speak(c, r, now, out);
}

/** Silence may be bad luck: where nobody else is left, the silent are asked once more. */
function spare(c: Coordinator, r: Request): void {
  const silent = [...r.failed].flatMap(([index, { kind }]) =>
    kind === 'Silent' && !r.spared.has(index) ? [index] : [],
  );
  if (candidates(c, r).length + silent.length < c.keys.threshold) return;
  for (const index of silent) {
    r.failed.delete(index);
    r.spared.add(index);
  }
}

function giveUp(c: Coordinator, r: Request, out: Effects): void {
  c.requests.delete(r.id);
  const names = [...r.failed.values()].map(
    ({ party, detail }) => `${nameOf(c.roster, party)} ${detail}`,
  );
  const message = `too few signers are left: ${names.join('; ') || 'none failed'}`;
  const reason = reject('QuorumShort', message, {
    found: Object.keys(c.keys.holders).length - r.failed.size,
    required: c.keys.threshold,
  });
  out.events.push({ type: 'unsigned', sid: r.id, reason });
}

/** Says to each signer what it has not answered yet. */
function speak(c: Coordinator, r: Request, now: number, out: Effects): void {
  if (r.phase === 'nonces' && r.signers.every((index) => r.nonces.has(index))) {
    r.phase = 'partials';
    r.startedAt = now;
  }
  r.spokeAt = now;
  const isAsking = r.phase === 'nonces';
  const answered = isAsking ? r.nonces : r.partials;
  const signers = r.signers.map((index) => ({ index, nonces: r.nonces.get(index) }));
  const body = isAsking ? { message: r.message } : { message: r.message, signers };
  for (const index of r.signers) {
    if (answered.has(index)) continue;
    out.send.push(toSigner(c, r.sid, isAsking ? 'ask' : 'package', index, body));
  }
}

const toSigner = (
  c: Coordinator,
  sid: Hex,
  type: 'ask' | 'package' | 'pool',
  index: number,
  body: unknown,
): Outgoing => ({ sid, gen: c.gen, type, to: [addressOf(c, index)], isPrivate: false, body });

/** Asks every signer for nonces in advance: then a signature takes one round. */
export function preprocess(c: Coordinator, out: Effects): void {
  for (const index of Object.keys(c.keys.holders).map(Number)) {
    const sid = hashOf('pool', fromHex(groupKeyOf(c.keys)), fromHex(c.self), number6(index));
    out.send.push(toSigner(c, sid, 'pool', index, { nonces: [] }));
  }
}

const isPair = (pair: NoncePair): boolean => isPoint(pair.hiding) && isPoint(pair.binding);

/** Takes a signer's answer. */
export function collect(c: Coordinator, message: Incoming, now: number, out: Effects): void {
  const index = c.roster.parties.findIndex((party) => party.key === message.from) + 1;
  if (message.gen !== c.gen || c.keys.holders[index] === undefined) return;
  if (message.type === 'pool') {
    const pairs = readBody('pool', message.body)?.nonces ?? [];
    c.pool.set(index, [...(c.pool.get(index) ?? []), ...pairs.filter(isPair)].slice(-64));
    return;
  }
  const r = [...c.requests.values()].find((each) => each.sid === message.sid);
  if (r === undefined || !r.signers.includes(index)) return;
  if (message.type === 'refuse') {
    takeRefusal(c, r, index, message, now, out);
    return;
  }
  if (message.type === 'nonces' && r.phase === 'nonces' && !r.nonces.has(index)) {
    const body = readBody('nonces', message.body);
    if (body === undefined || !isPair(body.nonces)) {
      replace(c, r, [blame(index, 'MessageWrong')], now, out);
      return;
    }
    r.nonces.set(index, body.nonces);
    if (r.nonces.size === r.signers.length) speak(c, r, now, out);
  }
  if (message.type === 'partial' && r.phase === 'partials' && !r.partials.has(index)) {
    const body = readBody('partial', message.body);
    if (body === undefined) {
      replace(c, r, [blame(index, 'MessageWrong')], now, out);
      return;
    }
    r.partials.set(index, body.partial);
    if (r.partials.size === r.signers.length) finish(c, r, now, out);
  }
  function blame(of: number, kind: BlameKind): [number, Blame] {
    const detail = `its ${message.type} makes no sense`;
    return [
      of,
      { party: message.from, kind, where: message.type, detail, proof: [message.envelope] },
    ];
  }
}

function takeRefusal(
  c: Coordinator,
  r: Request,
  index: number,
  message: Incoming,
  now: number,
  out: Effects,
): void {
  const body = readBody('refuse', message.body);
  const reason = body?.reason ?? reject('MessageMalformed', 'a refusal without a reason');
  out.events.push({ type: 'refused', sid: r.id, by: message.from, reason });
  // Nonces of an earlier run of the signer: nobody is to blame, two rounds will do.
  if (reason.code === 'NonceUnknown' && c.pool.has(index)) {
    c.pool.delete(index);
    renew(c, r, now, out);
    return;
  }
  const detail = `refused: ${reason.code}`;
  const blame: Blame = { party: message.from, kind: 'Abandoned', where: 'sign', detail };
  if (reason.code !== examining) {
    replace(c, r, [[index, blame]], now, out);
    return;
  }
  r.failed.set(index, blame);
  renew(c, r, now, out);
}

function finish(c: Coordinator, r: Request, now: number, out: Effects): void {
  const keys = frostPublic(c.keys);
  const list = frostCommitments(r.nonces);
  const indexes = [...r.nonces.keys()].sort((a, b) => a - b);
  const partials: Record<string, Uint8Array> = {};
  list.forEach(({ identifier }, i) => {
    partials[identifier] = fromHex(r.partials.get(indexes[i] as number) ?? '0x');
  });
  try {
    const signature = toHex(frost.aggregate(keys, list, digestOf(c, r.message), partials));
    c.requests.delete(r.id);
    const { id: sid, message, signers } = r;
    out.events.push({ type: 'signed', sid, message, signature, signers });
  } catch {
    const wrong = list.flatMap(({ identifier }, i): [number, Blame][] => {
      const index = indexes[i] as number;
      return isPartial(c, r, index, partials[identifier] as Uint8Array)
        ? []
        : [[index, wrongOf(c, index)]];
    });
    replace(c, r, wrong, now, out);
  }
}

function isPartial(c: Coordinator, r: Request, index: number, partial: Uint8Array): boolean {
  const list = frostCommitments(r.nonces);
  const message = digestOf(c, r.message);
  const { identifier } = frostCommitments(new Map([[index, r.nonces.get(index) as NoncePair]]))[0]!;
  try {
    return frost.verifyShare(frostPublic(c.keys), list, message, identifier, partial);
  } catch {
    return false;
  }
}

const wrongOf = (c: Coordinator, index: number): Blame => ({
  party: addressOf(c, index),
  kind: 'PartialWrong',
  where: 'sign',
  detail: 'its signature share, or a nonce of it, does not hold',
});

/** Goes on without those who failed. A session that has failed is never used again. */
function replace(
  c: Coordinator,
  r: Request,
  failed: readonly (readonly [number, Blame])[],
  now: number,
  out: Effects,
): void {
  for (const [index, blame] of failed) {
    r.failed.set(index, blame);
    c.faults.set(index, (c.faults.get(index) ?? 0) + 1);
    c.pool.delete(index);
    out.events.push({ type: 'blame', blame, name: nameOf(c.roster, blame.party) });
  }
  renew(c, r, now, out);
}

function renew(c: Coordinator, r: Request, now: number, out: Effects): void {
  r.sid = newSid(c, r.message);
  start(c, r, now, out);
}

/** Lets time pass: asks again, replaces the silent, gives up at last. */
export function tickRequests(c: Coordinator, now: number, out: Effects): void {
  for (const r of [...c.requests.values()]) {
    if (now - r.since >= c.timing.requestMs) {
      giveUp(c, r, out);
    } else if (now - r.startedAt >= c.timing.answerMs) {
      const answered = r.phase === 'nonces' ? r.nonces : r.partials;
      const silent = r.signers.filter((index) => !answered.has(index));
      const detail = `did not answer in the phase ${r.phase}`;
      const blameOf = (index: number): readonly [number, Blame] => [
        index,
        { party: addressOf(c, index), kind: 'Silent', where: r.phase, detail },
      ];
      replace(c, r, silent.map(blameOf), now, out);
    } else if (now - r.spokeAt >= c.timing.resendMs) {
      speak(c, r, now, out);
    }
  }
}
